//! A template: what it declares, and that everything in it leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::yaml;

/// A template of this repository.
pub(crate) struct Template {
    path: String,
    body: Map<String, Value>,
}

/// What the expressions of a template name.
#[derive(Default)]
struct Names {
    /// By `Ref` or `Fn::Sub`: parameters and resources.
    refs: BTreeSet<String>,
    /// By `Fn::GetAtt`, `Fn::Sub` or DependsOn: resources.
    resources: BTreeSet<String>,
    conditions: BTreeSet<String>,
}

impl Template {
    /// Reads a template of this repository.
    pub(crate) fn read(path: &str) -> Self {
        Self::of(path, yaml::read(path))
    }

    fn of(path: &str, body: Value) -> Self {
        let Value::Object(body) = body else { panic!("{path} is no map") };
        Self { path: path.to_owned(), body }
    }

    /// A section; empty where it is left out.
    pub(crate) fn section(&self, name: &str) -> &Map<String, Value> {
        static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        self.body.get(name).map_or(&NONE, |section| section.as_object().expect("a map"))
    }

    /// The names in a section, in the order of the alphabet.
    pub(crate) fn names(&self, section: &str) -> Vec<&str> {
        self.section(section).keys().map(String::as_str).collect()
    }

    /// The resources of a type.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<(&str, &Value)> {
        let resources = self.section("Resources").iter();
        resources.filter(|(_, body)| body["Type"] == kind).map(|(id, body)| (&**id, body)).collect()
    }

    /// Everything that is wrong whatever the parameters are, a line each: names that lead nowhere, and parameters and
    /// conditions that nothing uses.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut names = Names::default();
        for section in ["Conditions", "Resources", "Outputs"] {
            self.section(section).values().for_each(|value| names.collect(value));
        }
        let declared =
            |section| -> BTreeSet<String> { self.section(section).keys().cloned().collect() };
        let (parameters, resources) = (declared("Parameters"), declared("Resources"));
        let conditions = declared("Conditions");
        let mut faults = Vec::new();
        let mut say = |what: &str, names: BTreeSet<String>| {
            faults.extend(names.into_iter().map(|name| format!("{}: {what} {name}", self.path)));
        };
        let pseudo = |name: &String| name.starts_with("AWS::");
        let known = &parameters | &resources;
        say(
            "no parameter or resource",
            names.refs.difference(&known).filter(|name| !pseudo(name)).cloned().collect(),
        );
        say("no resource", &names.resources - &resources);
        say("no condition", &names.conditions - &conditions);
        say("unused parameter", &parameters - &names.refs);
        say("unused condition", &conditions - &names.conditions);
        say("both parameter and resource:", &parameters & &resources);
        faults
    }

    /// The parameters' values: what is given, else the default. Refuses what CloudFormation would.
    pub(crate) fn parameters(
        &self,
        given: &[(&str, &str)],
    ) -> Result<BTreeMap<String, String>, String> {
        let declared = self.section("Parameters");
        if let Some((name, _)) = given.iter().find(|(name, _)| !declared.contains_key(*name)) {
            return Err(format!("{}: no parameter {name}", self.path));
        }
        let mut values = BTreeMap::new();
        for (name, rules) in declared {
            let given = given.iter().find(|(given, _)| given == name).map(|(_, value)| *value);
            let value = given.or_else(|| rules.get("Default").and_then(Value::as_str));
            let value = value.ok_or_else(|| format!("{name} must have a value"))?;
            allowed(rules, value).map_err(|rule| format!("{name}={value:?}: {rule}"))?;
            values.insert(name.clone(), value.to_owned());
        }
        Ok(values)
    }
}

/// Whether a value keeps the rules of its parameter.
fn allowed(rules: &Value, value: &str) -> Result<(), String> {
    let length = value.chars().count() as u64;
    let broken = |rule: &str| {
        let said = rules["ConstraintDescription"].as_str();
        Err(said.map_or_else(|| format!("breaks {rule}"), ToOwned::to_owned))
    };
    if rules["MinLength"].as_u64().is_some_and(|least| length < least) {
        return broken("MinLength");
    }
    if rules["MaxLength"].as_u64().is_some_and(|most| length > most) {
        return broken("MaxLength");
    }
    if rules["AllowedValues"].as_array().is_some_and(|allowed| !allowed.contains(&value.into())) {
        return broken("AllowedValues");
    }
    if let Some(pattern) = rules["AllowedPattern"].as_str() {
        // The whole value has to match.
        let pattern =
            Regex::new(&format!(r"\A(?:{pattern})\z")).expect("a pattern without look-around");
        if !pattern.is_match(value) {
            return broken("AllowedPattern");
        }
    }
    Ok(())
}

impl Names {
    fn collect(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(entries) => {
                entries.iter().for_each(|(key, value)| self.entry(key, value))
            }
            _ => {}
        }
    }

    fn entry(&mut self, key: &str, value: &Value) {
        match (key, value) {
            ("Ref", Value::String(name)) => {
                self.refs.insert(name.clone());
            }
            ("Condition", Value::String(name)) => {
                self.conditions.insert(name.clone());
            }
            ("DependsOn", Value::String(name)) => {
                self.resources.insert(name.clone());
            }
            ("DependsOn", Value::Array(names)) => {
                self.resources
                    .extend(names.iter().filter_map(Value::as_str).map(ToOwned::to_owned));
            }
            ("Fn::GetAtt", Value::Array(path)) => {
                self.resources.extend(path[0].as_str().map(ToOwned::to_owned));
            }
            ("Fn::If", Value::Array(branches)) => {
                self.conditions.extend(branches[0].as_str().map(ToOwned::to_owned));
                branches[1..].iter().for_each(|branch| self.collect(branch));
            }
            ("Fn::Sub", Value::String(text)) => {
                for name in placeholders(text) {
                    match name.split_once('.') {
                        Some((resource, _)) => self.resources.insert(resource.to_owned()),
                        None => self.refs.insert(name),
                    };
                }
            }
            (_, value) => self.collect(value),
        }
    }
}

/// The names in `${...}`.
pub(crate) fn placeholders(text: &str) -> Vec<String> {
    let pattern = Regex::new(r"\$\{([^}!]+)\}").expect("a pattern");
    pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn a_name_that_leads_nowhere_and_one_that_nothing_uses_are_faults() {
    let body = "Parameters: {P: {Type: String}, Q: {Type: String}}\n\
                Conditions: {C: !Equals [!Ref P, '']}\n\
                Resources: {R: {Type: T, Condition: D, DependsOn: S, Properties: {A: !Sub '${U}${V.W}', B: !If [E, 1, 2]}}}";
    let faults = Template::of("t", yaml::parse(body).unwrap()).faults();
    let expected = [
        "t: no parameter or resource U",
        "t: no resource S",
        "t: no resource V",
        "t: no condition D",
        "t: no condition E",
        "t: unused parameter Q",
        "t: unused condition C",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn a_value_is_refused_with_the_rule_that_it_breaks() {
    let body = "Parameters: {P: {Type: String, AllowedPattern: 'a|ab', ConstraintDescription: takes a or ab}, \
                Q: {Type: String, Default: '', AllowedValues: ['', x]}}";
    let template = Template::of("t", yaml::parse(body).unwrap());
    assert_eq!(template.parameters(&[("P", "ab")]).unwrap()["Q"], "");
    assert_eq!(template.parameters(&[]).unwrap_err(), "P must have a value");
    assert_eq!(template.parameters(&[("P", "abc")]).unwrap_err(), "P=\"abc\": takes a or ab");
    assert_eq!(
        template.parameters(&[("P", "a"), ("Q", "y")]).unwrap_err(),
        "Q=\"y\": breaks AllowedValues"
    );
    assert_eq!(template.parameters(&[("R", "a")]).unwrap_err(), "t: no parameter R");
}
