//! The keys of a control port that is no board's: in a file, or in the variables of the AWS CLI.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;

use refactor::Keys;

/// The keys in the file, or in the environment if there is none.
///
/// # Errors
/// Says what is missing, and where keys are.
pub(super) fn find(file: Option<&Path>) -> Result<Keys, String> {
    match file {
        Some(file) => {
            let text = files::read_secret(file);
            let text = text.map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            read(&text, &profile()).map_err(|wrong| format!("{}: {wrong}", file.display()))
        }
        None => {
            let given = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
            match (given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY")) {
                (Some(access_key_id), Some(secret_access_key)) => {
                    Ok(Keys { access_key_id, secret_access_key })
                }
                _ => Err("there are no keys for --control: --credentials FILE names credentials.json of refactor's DATA_DIR, \
                          or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to what stands there"
                    .to_owned()),
            }
        }
    }
}

fn profile() -> String {
    env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty()).unwrap_or("default".into())
}

/// Reads `credentials.json`, or the section of a profile in a file of the AWS CLI.
fn read(text: &str, profile: &str) -> Result<Keys, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    let mut section = "";
    let mut found = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((name, value)) = line.split_once('=').filter(|_| section == profile) {
            found.insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    let mut take = |name: &str| {
        let missing = || format!("the profile {profile} has no {name}");
        found.remove(name).ok_or_else(missing)
    };
    Ok(Keys {
        access_key_id: take("aws_access_key_id")?,
        secret_access_key: take("aws_secret_access_key")?,
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn keys_are_read_from_json_and_from_a_profile() {
        let json = r#"{"accessKeyId": "A", "secretAccessKey": "S"}"#;
        let aws = "[default]\naws_access_key_id=D\naws_secret_access_key=d\n[ shop ]\n# mine\nAWS_Access_Key_Id = A\naws_secret_access_key = S=/+\n";
        for (text, profile, keys) in
            [(json, "shop", ("A", "S")), (aws, "shop", ("A", "S=/+")), (aws, "default", ("D", "d"))]
        {
            let read = read(text, profile).unwrap();
            assert_eq!((read.access_key_id.as_str(), read.secret_access_key.as_str()), keys);
        }
        for (text, wrong) in
            [("{}", "accessKeyId"), (aws, "the profile other has no aws_access_key_id")]
        {
            assert!(read(text, "other").unwrap_err().contains(wrong));
        }
    }
}
