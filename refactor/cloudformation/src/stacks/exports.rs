//! What stacks export to each other.

use std::collections::{BTreeMap, BTreeSet};

use journal::values;

use super::{Stack, StackError, Transaction};

impl Transaction<'_> {
    /// The values that the stacks of a region export, without those of the stack `but`.
    pub(crate) fn exports(
        &self,
        region: &str,
        but: &str,
    ) -> Result<BTreeMap<String, String>, StackError> {
        let stacks = self.stacks(region)?;
        let others = stacks.iter().filter(|stack| stack.deleted.is_none() && stack.id != but);
        let exports = others.flat_map(Stack::exports);
        Ok(exports.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
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
        self.run("DELETE FROM cfn_exports WHERE stack = ?1", values![&stack.id])?;
        for (name, _) in stack.exports() {
            if let Some(owner) = self.exporter(&stack.region, name)? {
                return Ok(Some(format!(
                    "Export with name {name} is already exported by stack {owner}"
                )));
            }
            self.run(
                "INSERT INTO cfn_exports (region, name, stack) VALUES (?1, ?2, ?3)",
                values![&stack.region, name, &stack.id],
            )?;
        }
        Ok(None)
    }

    /// ARN of the stack that exports that name.
    pub(crate) fn exporter(&self, region: &str, name: &str) -> Result<Option<String>, StackError> {
        let sql = "SELECT stack FROM cfn_exports WHERE region = ?1 AND name = ?2";
        Ok(self.texts(sql, values![region, name])?.pop())
    }

    /// Records that a stack imports these exports, beside those that it is known to import.
    pub(crate) fn add_imports(
        &self,
        stack: &Stack,
        names: &BTreeSet<String>,
    ) -> Result<(), StackError> {
        let sql = "INSERT INTO cfn_imports (region, name, stack) VALUES (?1, ?2, ?3)
            ON CONFLICT DO NOTHING";
        names.iter().try_for_each(|name| self.run(sql, values![&stack.region, name, &stack.id]))
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
        let sql =
            "SELECT stack.name FROM cfn_imports AS import JOIN cfn_stacks AS stack ON stack.id = import.stack
             WHERE import.region = ?1 AND import.name = ?2 ORDER BY stack.name";
        self.texts(sql, values![region, name])
    }
}

impl Stack {
    /// The names and values that the stack exports.
    pub(crate) fn exports(&self) -> impl Iterator<Item = (&str, &str)> {
        let outputs = self.outputs.iter();
        outputs.filter_map(|output| Some((output.export.as_deref()?, output.value.as_str())))
    }
}
