//! `ListExports` and `ListImports`.

use super::Api;
use super::error::ApiError;
use super::form::Form;
use super::page::{next_token, page};
use super::xml::Xml;

impl Api {
    /// What the stacks of the region export.
    pub(super) fn list_exports(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let mut stacks = self.store.read(|state| state.stacks(form.region))?;
        stacks.retain(|stack| stack.deleted.is_none());
        let mut exports: Vec<(String, String, String)> = stacks
            .into_iter()
            .flat_map(|stack| {
                let id = stack.id;
                stack
                    .outputs
                    .into_iter()
                    .filter_map(move |output| Some((output.export?, output.value, id.clone())))
            })
            .collect();
        exports.sort();
        let (given, token) = page(&exports, form, |(name, ..)| name.as_str())?;
        let mut xml = Xml::default();
        xml.list("Exports", given, |xml, (name, value, stack)| {
            xml.text("ExportingStackId", stack);
            xml.text("Name", name);
            xml.text("Value", value);
        });
        next_token(&mut xml, token);
        Ok(xml)
    }

    /// The names of the stacks that import an export.
    ///
    /// # Errors
    /// 400 if there is none, in AWS' words.
    pub(super) fn list_imports(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let name = form.required("ExportName")?;
        let importers = self.store.read(|state| state.importers(form.region, name))?;
        if importers.is_empty() {
            return Err(ApiError::validation(format!(
                "Export '{name}' is not imported by any stack."
            )));
        }
        let (given, token) = page(&importers, form, String::as_str)?;
        let mut xml = Xml::default();
        xml.texts("Imports", given);
        next_token(&mut xml, token);
        Ok(xml)
    }
}
