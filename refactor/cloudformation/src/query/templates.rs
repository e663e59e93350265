//! `GetTemplate`, `GetTemplateSummary`, `ValidateTemplate`.

use super::api::{Api, stack};
use super::change_sets::{find, newest_definition};
use super::error::ApiError;
use super::form::Form;
use super::xml::Xml;
use crate::blueprint::validate;
use crate::template::{Parameter, Template};

impl Api {
    /// The template of a stack or of a change set, as it was sent.
    ///
    /// # Errors
    /// 400 if there is no such stack, 404 if it has no such change set.
    pub(super) fn get_template(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        // No macro is expanded here: both stages are the same text.
        form.one_of("TemplateStage", &["Original", "Processed"])?;
        let body = if form.get("ChangeSetName").is_some() {
            self.store.read(|state| find(state, form))?.1.definition.template
        } else {
            self.template_of(form)?.unwrap_or_default()
        };
        let mut xml = Xml::default();
        xml.text("TemplateBody", &body);
        xml.texts("StagesAvailable", ["Original", "Processed"]);
        Ok(xml)
    }

    /// What a template declares: of a stack, or one that is sent along.
    ///
    /// # Errors
    /// 400 if there is no such stack, and for a bad template.
    pub(super) fn get_template_summary(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let body = match (form.get("TemplateBody"), form.get("StackName")) {
            (Some(_), Some(_)) => {
                return Err(ApiError::validation(
                    "TemplateBody and StackName both name a template; give only one of them",
                ));
            }
            (Some(body), None) => Some(body.to_owned()),
            (None, _) => self.template_of(form)?,
        };
        let mut xml = Xml::default();
        let Some(body) = body else {
            // Under review and without a change set: nothing is declared, but clients look for the list.
            xml.list("Parameters", std::iter::empty::<&Parameter>(), |_, _| {});
            return Ok(xml);
        };
        let template = Template::parse(&body).map_err(ApiError::validation)?;
        xml.list("Parameters", &template.parameters, |xml, parameter| {
            declared(xml, parameter);
            xml.text("ParameterType", &parameter.kind.name());
            xml.element("ParameterConstraints", |xml| {
                if !parameter.allowed_values.is_empty() {
                    xml.texts("AllowedValues", &parameter.allowed_values);
                }
            });
        });
        xml.optional("Description", template.description.as_deref());
        let mut kinds: Vec<&str> =
            template.resources.iter().map(|resource| resource.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        xml.texts("ResourceTypes", kinds);
        xml.optional("Version", template.version.as_deref());
        Ok(xml)
    }

    /// Checks a template as far as that is possible without values.
    ///
    /// # Errors
    /// 400 with what is wrong.
    pub(super) fn validate_template(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let template =
            Template::parse(form.required("TemplateBody")?).map_err(ApiError::validation)?;
        validate(&template, self.engine.provider()).map_err(ApiError::validation)?;
        let mut xml = Xml::default();
        xml.list("Parameters", &template.parameters, declared);
        xml.optional("Description", template.description.as_deref());
        xml.texts("Capabilities", std::iter::empty::<&str>());
        Ok(xml)
    }

    /// `None` for a stack under review that has no change set.
    fn template_of(&self, form: &Form<'_>) -> Result<Option<String>, ApiError> {
        self.store.read(|state| {
            let stack = stack(state, form, ApiError::no_stack_with_id)?;
            Ok(newest_definition(state, &stack)?)
        })
    }
}

fn declared(xml: &mut Xml, parameter: &Parameter) {
    xml.text("ParameterKey", &parameter.name);
    xml.optional("DefaultValue", parameter.default.as_deref());
    xml.text("NoEcho", &parameter.no_echo.to_string());
    xml.optional("Description", parameter.description.as_deref());
}
