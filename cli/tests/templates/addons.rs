//! `copilot/<service>/addons/`: a database for each service, as Copilot merges it into the service's stack.

use serde_json::Value;

use crate::names::programs;
use crate::template::Template;
use crate::yaml;

/// The versions of Aurora PostgreSQL that can still be created and may pause, as of cfn-lint 1.58.0.
const VERSIONS: [&str; 13] = [
    "15.13", "15.15", "15.17", "16.8", "16.9", "16.10", "16.11", "16.13", "17.4", "17.5", "17.6",
    "17.7", "17.9",
];

fn path(service: &str) -> String {
    format!("copilot/{service}/addons/database.yml")
}

fn template() -> Template {
    Template::read(&path("users"))
}

/// The one resource of a type.
fn only<'a>(template: &'a Template, kind: &str) -> (&'a str, &'a Value) {
    match template.of_type(kind).as_slice() {
        [one] => *one,
        others => panic!("{} resources of the type {kind}", others.len()),
    }
}

/// The variable that Copilot makes of an output's name: a word begins at a capital after a small letter or digit, and
/// at the last of several capitals before a small letter.
fn variable(output: &str) -> String {
    let letters: Vec<char> = output.chars().collect();
    let mut variable = String::new();
    for (i, letter) in letters.iter().enumerate() {
        let begins = i > 0
            && letter.is_uppercase()
            && (!letters[i - 1].is_uppercase()
                || letters.get(i + 1).is_some_and(|next| next.is_lowercase()));
        if begins {
            variable.push('_');
        }
        variable.extend(letter.to_uppercase());
    }
    variable
}

#[test]
fn names_of_outputs_become_variables_as_copilot_makes_them() {
    for (output, expected) in [
        ("UsersDbSecret", "USERS_DB_SECRET"),
        ("UsersDBSecret", "USERS_DB_SECRET"),
        ("DatabaseURL", "DATABASE_URL"),
        ("usersdbSecret", "USERSDB_SECRET"),
    ] {
        assert_eq!(variable(output), expected);
    }
}

#[test]
fn all_services_have_the_same_addon_and_no_other() {
    let first = yaml::text(&path("monolith"));
    for service in programs() {
        assert!(
            yaml::text(&path(service)) == first,
            "{} differs from {}",
            path(service),
            path("monolith")
        );
        let folder = yaml::root().join("copilot").join(service).join("addons");
        let files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["database.yml"], "{service}");
    }
}

#[test]
fn copilot_gives_every_parameter_and_keeps_every_section() {
    let template = template();
    assert_eq!(template.names("Parameters"), ["App", "Env", "Name"]);
    assert_eq!(template.faults(), [""; 0]);
    // Copilot drops what else a template may have, and its stacks read every output.
    let Value::Object(body) = yaml::read(&path("users")) else { panic!("no map") };
    assert_eq!(body.keys().collect::<Vec<_>>(), ["Outputs", "Parameters", "Resources"]);
}

#[test]
fn the_secret_reaches_the_program_as_the_variable_that_it_reads() {
    let template = template();
    let resources = template.section("Resources");
    let mut secrets = Vec::new();
    for (name, output) in template.section("Outputs") {
        assert!(output.get("Condition").is_none(), "{name}: Copilot reads every output");
        // By any other expression it would be a plain variable with the ARN, and nothing attached.
        let target = output["Value"]["Ref"].as_str().unwrap_or_else(|| panic!("{name} is no Ref"));
        match resources[target]["Type"].as_str() {
            Some("AWS::SecretsManager::Secret") => secrets.push(variable(name)),
            Some("AWS::EC2::SecurityGroup") => {
                assert_eq!(target, "DatabaseSecurityGroup");
                // It is a variable as well; the programs refuse those of theirs that they do not know.
                assert!(
                    !variable(name).starts_with("BANYAN_") && !programs_read(&variable(name)),
                    "{name}"
                );
            }
            other => panic!("{name} is a {other:?}"),
        }
    }
    assert_eq!(secrets, ["DATABASE_SECRET"]);
    assert!(programs_read("DATABASE_SECRET"));
}

/// Whether the table of variables in the README has it; a test of the server compares that with the program.
fn programs_read(variable: &str) -> bool {
    yaml::text("README.md").contains(&format!("`{variable}`"))
}

#[test]
fn the_secret_has_all_that_a_connection_takes() {
    let template = template();
    let (secret, body) = only(&template, "AWS::SecretsManager::Secret");
    let generated = &body["Properties"]["GenerateSecretString"];
    let fixed: Value =
        serde_json::from_str(generated["SecretStringTemplate"].as_str().unwrap()).unwrap();
    assert!(fixed["username"].is_string());
    assert_eq!(generated["GenerateStringKey"], "password");
    assert_eq!(
        generated["ExcludePunctuation"], true,
        "Aurora takes no /, \", @ or space in a password"
    );
    assert_eq!(generated["IncludeSpace"], false);
    // host, port and dbname come with the attachment, the last only where the cluster has one.
    let (cluster, properties) = only(&template, "AWS::RDS::DBCluster");
    let (_, attachment) = only(&template, "AWS::SecretsManager::SecretTargetAttachment");
    assert_eq!(attachment["Properties"]["SecretId"]["Ref"], secret);
    assert_eq!(attachment["Properties"]["TargetId"]["Ref"], cluster);
    assert_eq!(attachment["Properties"]["TargetType"], "AWS::RDS::DBCluster");
    assert!(properties["Properties"]["DatabaseName"].as_str().is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric())
    }));
    for (property, key) in [("MasterUsername", "username"), ("MasterUserPassword", "password")] {
        let expected = format!("{{{{resolve:secretsmanager:${{{secret}}}:SecretString:{key}}}}}");
        assert_eq!(properties["Properties"][property]["Fn::Sub"], *expected);
    }
}

#[test]
fn nothing_that_was_written_is_lost_with_the_stack() {
    let template = template();
    let (_, cluster) = only(&template, "AWS::RDS::DBCluster");
    assert_eq!(cluster["DeletionPolicy"], "Snapshot");
    assert_eq!(cluster["UpdateReplacePolicy"], "Snapshot");
    let properties = &cluster["Properties"];
    assert_eq!(properties["StorageEncrypted"], true);
    assert_eq!(properties["CopyTagsToSnapshot"], true);
    assert!(properties["BackupRetentionPeriod"].as_u64().is_some_and(|days| days >= 7));
}

#[test]
fn the_engine_can_still_be_created_and_pauses() {
    let template = template();
    let (_, cluster) = only(&template, "AWS::RDS::DBCluster");
    let properties = &cluster["Properties"];
    let version = properties["EngineVersion"].as_str().expect("quoted, or 16.10 would be 16.1");
    assert!(VERSIONS.contains(&version), "{version}");
    let (group, parameters) = only(&template, "AWS::RDS::DBClusterParameterGroup");
    assert_eq!(properties["DBClusterParameterGroupName"]["Ref"], group);
    let major = version.split('.').next().unwrap();
    assert_eq!(parameters["Properties"]["Family"], format!("aurora-postgresql{major}"));
    assert_eq!(parameters["Properties"]["Parameters"]["rds.force_ssl"], "1");
    let scaling = &properties["ServerlessV2ScalingConfiguration"];
    assert_eq!(scaling["MinCapacity"], 0);
    assert!(scaling["MaxCapacity"].as_u64().is_some_and(|most| (1..=4).contains(&most)));
    assert!(
        scaling["SecondsUntilAutoPause"]
            .as_u64()
            .is_some_and(|wait| (300..=86_400).contains(&wait))
    );
    let (_, writer) = only(&template, "AWS::RDS::DBInstance");
    assert_eq!(writer["Properties"]["DBInstanceClass"], "db.serverless");
    assert_eq!(writer["Properties"]["Engine"], properties["Engine"]);
}

#[test]
fn only_the_tasks_of_the_service_reach_the_database() {
    let template = template();
    let import = |name: &str| serde_json::json!({ "Fn::ImportValue": { "Fn::Sub": format!("${{App}}-${{Env}}-{name}") } });
    let (group, subnets) = only(&template, "AWS::RDS::DBSubnetGroup");
    let expected = serde_json::json!({ "Fn::Split": [",", import("PrivateSubnets")] });
    assert_eq!(subnets["Properties"]["SubnetIds"], expected);
    let (_, cluster) = only(&template, "AWS::RDS::DBCluster");
    assert_eq!(cluster["Properties"]["DBSubnetGroupName"]["Ref"], group);
    let guard = cluster["Properties"]["VpcSecurityGroupIds"][0]["Fn::GetAtt"][0].as_str().unwrap();
    let groups = template.section("Resources");
    let rules = groups[guard]["Properties"]["SecurityGroupIngress"].as_array().unwrap();
    let [rule] = rules.as_slice() else { panic!("one rule") };
    assert_eq!((&rule["FromPort"], &rule["ToPort"]), (&5432.into(), &5432.into()));
    assert_eq!(rule["SourceSecurityGroupId"]["Fn::GetAtt"][0], "DatabaseSecurityGroup");
    for (id, body) in template.of_type("AWS::EC2::SecurityGroup") {
        assert_eq!(body["Properties"]["VpcId"], import("VpcId"), "{id}");
    }
    let (_, writer) = only(&template, "AWS::RDS::DBInstance");
    assert_eq!(writer["Properties"]["PubliclyAccessible"], false);
}
