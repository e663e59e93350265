//! What stacks export to each other.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, params};

use super::{Stack, StackError, Transaction};

impl Transaction<'_> {
    /// The values that the stacks of a region export, without those of the stack `but`.
    pub(crate) fn exports(
        &self,
        region: &str,
        but: &str,
    ) -> Result<BTreeMap<String, String>, StackError> {
        let mut statement = self.0.prepare_cached(
            "SELECT output.value ->> 'export', output.value ->> 'value'
             FROM cfn_stacks AS stack, json_each(stack.document, '$.outputs') AS output
             WHERE stack.region = ?1 AND stack.living AND stack.id <> ?2
                 AND output.value ->> 'export' IS NOT NULL",
        )?;
        let found =
            statement.query_map(params![region, but], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Records what a stack exports. Answers why it cannot: another stack exports the name, or imports what is to go or
    /// to change. Then nothing that matters is recorded: the caller gives the transaction up.
    pub(crate) fn put_exports(&self, stack: &Stack) -> Result<Option<String>, StackError> {
        let new: BTreeMap<_, _> = stack.exports().collect();
        for (name, value) in self.stack_by_id(&stack.id)?.exports() {
            let verb = match new.get(name) {
                Some(new) if *new == value => continue,
                Some(_) => "updated",
                None => "deleted",
            };
            if let Some(reason) = self.in_use(stack, name, verb)? {
                return Ok(Some(reason));
            }
        }
        self.run("DELETE FROM cfn_exports WHERE stack = ?1", params![stack.id])?;
        for (name, _) in stack.exports() {
            if let Some(owner) = self.exporter(&stack.region, name)? {
                return Ok(Some(format!(
                    "Export with name {name} is already exported by stack {owner}"
                )));
            }
            self.run(
                "INSERT INTO cfn_exports (region, name, stack) VALUES (?1, ?2, ?3)",
                params![stack.region, name, stack.id],
            )?;
        }
        Ok(None)
    }

    /// ARN of the stack that exports that name.
    pub(crate) fn exporter(&self, region: &str, name: &str) -> Result<Option<String>, StackError> {
        let sql = "SELECT stack FROM cfn_exports WHERE region = ?1 AND name = ?2";
        Ok(self.0.query_row(sql, params![region, name], |row| row.get(0)).optional()?)
    }

    /// Records that a stack imports these exports, beside those that it is known to import.
    pub(crate) fn add_imports(
        &self,
        stack: &Stack,
        names: &BTreeSet<String>,
    ) -> Result<(), StackError> {
        let sql = "INSERT OR IGNORE INTO cfn_imports (region, name, stack) VALUES (?1, ?2, ?3)";
        names.iter().try_for_each(|name| self.run(sql, params![stack.region, name, stack.id]))
    }

    /// Why a stack cannot be deleted: another one imports what it exports.
    pub(crate) fn still_imported(&self, stack: &Stack) -> Result<Option<String>, StackError> {
        for (name, _) in stack.exports() {
            if let Some(reason) = self.in_use(stack, name, "deleted")? {
                return Ok(Some(reason));
            }
        }
        Ok(None)
    }

    /// CloudFormation's words if an export of a stack is imported; `verb` is what was to happen to it.
    fn in_use(&self, stack: &Stack, name: &str, verb: &str) -> Result<Option<String>, StackError> {
        let importers = self.importers(&stack.region, name)?.join(", ");
        let reason = format!("Export {name} cannot be {verb} as it is in use by {importers}");
        Ok((!importers.is_empty()).then_some(reason))
    }

    /// The names of the stacks that import an export.
    pub(crate) fn importers(&self, region: &str, name: &str) -> Result<Vec<String>, StackError> {
        let mut statement = self.0.prepare_cached(
            "SELECT stack.name FROM cfn_imports AS import JOIN cfn_stacks AS stack ON stack.id = import.stack
             WHERE import.region = ?1 AND import.name = ?2 ORDER BY stack.name",
        )?;
        let found = statement.query_map(params![region, name], |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

impl Stack {
    /// The names and values that the stack exports.
    pub(crate) fn exports(&self) -> impl Iterator<Item = (&str, &str)> {
        let outputs = self.outputs.iter();
        outputs.filter_map(|output| Some((output.export.as_deref()?, output.value.as_str())))
    }
}
