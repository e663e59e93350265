//! `copilot/<service>/overrides/cfn.patches.yml`: what is changed in the stacks that Copilot makes.

use serde_json::{Value, json};

use crate::yaml;

/// Every function in the stack of a load balanced web service that scales; a patch of another one is an error.
const FUNCTIONS: [&str; 3] =
    ["EnvControllerFunction", "RulePriorityFunction", "DynamicDesiredCountFunction"];

#[test]
fn every_function_of_copilot_runs_on_a_runtime_that_lambda_still_takes() {
    let expected: Vec<Value> = FUNCTIONS
        .iter()
        .map(|name| {
            let path = format!("/Resources/{name}/Properties/Runtime");
            json!({ "op": "replace", "path": path, "value": "nodejs24.x" })
        })
        .collect();
    for service in crate::names::programs() {
        let path = format!("copilot/{service}/overrides/cfn.patches.yml");
        assert_eq!(yaml::read(&path), Value::Array(expected.clone()), "{path}");
    }
}
