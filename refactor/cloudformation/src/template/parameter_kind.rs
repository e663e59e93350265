//! The types of parameters: text, numbers, and ids of AWS. A network is only recorded here, so an id is asked for its
//! form, and nothing is looked up.

/// A type of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ParameterKind {
    name: &'static str,
    /// What a value looks like; of a list, each one.
    pub(crate) form: ParameterForm,
    pub(crate) is_list: bool,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ParameterForm {
    #[default]
    Text,
    Number,
    /// This prefix, and 8 or 17 hexadecimal digits.
    Id(&'static str),
    /// A name of something on AWS: any text but an empty one.
    Name,
}

/// What is no list.
const SINGLE: [(&str, ParameterForm); 12] = [
    ("String", ParameterForm::Text),
    ("Number", ParameterForm::Number),
    ("AWS::EC2::AvailabilityZone::Name", ParameterForm::Name),
    ("AWS::EC2::Image::Id", ParameterForm::Id("ami-")),
    ("AWS::EC2::Instance::Id", ParameterForm::Id("i-")),
    ("AWS::EC2::KeyPair::KeyName", ParameterForm::Name),
    ("AWS::EC2::SecurityGroup::GroupName", ParameterForm::Name),
    ("AWS::EC2::SecurityGroup::Id", ParameterForm::Id("sg-")),
    ("AWS::EC2::Subnet::Id", ParameterForm::Id("subnet-")),
    ("AWS::EC2::VPC::Id", ParameterForm::Id("vpc-")),
    ("AWS::EC2::Volume::Id", ParameterForm::Id("vol-")),
    ("AWS::Route53::HostedZone::Id", ParameterForm::Name),
];
/// The list of texts, whose name follows no rule.
const TEXTS: &str = "CommaDelimitedList";
/// Those of `SINGLE` that AWS has no `List<...>` of.
const NEVER_LISTED: [&str; 2] = ["String", "AWS::EC2::KeyPair::KeyName"];

impl ParameterKind {
    /// The type of that name.
    ///
    /// # Errors
    /// What is not supported about it, and what is.
    pub(super) fn find(text: &str) -> Result<Self, String> {
        if text == TEXTS {
            return Ok(Self { name: "String", form: ParameterForm::Text, is_list: true });
        }
        let inner = text.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>'));
        let single = inner.unwrap_or(text);
        match SINGLE.iter().find(|(name, _)| *name == single) {
            Some((name, form)) if inner.is_none() || !NEVER_LISTED.contains(name) => {
                Ok(Self { name, form: *form, is_list: inner.is_some() })
            }
            _ if text.starts_with("AWS::SSM::") => Err(format!(
                "the parameter type {text} is not supported here: there is no Systems Manager to read it from; declare a String, and give the value itself"
            )),
            _ => Err(format!(
                "the parameter type {text} is not supported here; supported are {}, {TEXTS}, List<Number> and List<...> of the ids",
                SINGLE.map(|(name, _)| name).join(", ")
            )),
        }
    }

    /// The name in a template.
    pub(crate) fn name(self) -> String {
        match (self.is_list, self.form) {
            (false, _) => self.name.to_owned(),
            (true, ParameterForm::Text) => TEXTS.to_owned(),
            (true, _) => format!("List<{}>", self.name),
        }
    }
}

impl ParameterForm {
    /// What a value must be and is not.
    pub(crate) fn check(self, value: &str) -> Result<(), String> {
        let id = |prefix: &str| {
            value.strip_prefix(prefix).is_some_and(|digits| {
                matches!(digits.len(), 8 | 17)
                    && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            })
        };
        match self {
            Self::Number if value.parse::<f64>().is_err() => Err("must be a number".to_owned()),
            Self::Id(prefix) if !id(prefix) => {
                Err(format!("must be {prefix} and 8 or 17 hexadecimal digits"))
            }
            Self::Name if value.is_empty() => Err("must not be empty".to_owned()),
            Self::Text | Self::Number | Self::Id(_) | Self::Name => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_of_aws_are_there_alone_and_in_lists_under_their_names() {
        let listed =
            SINGLE.map(|(name, _)| name).into_iter().filter(|name| !NEVER_LISTED.contains(name));
        let lists: Vec<String> = listed.map(|name| format!("List<{name}>")).collect();
        let singles = SINGLE.map(|(name, _)| name);
        for name in singles.into_iter().chain([TEXTS]).chain(lists.iter().map(String::as_str)) {
            let kind = ParameterKind::find(name).unwrap();
            assert_eq!(kind.name(), name);
            assert_eq!(kind.is_list, name.contains("List"), "{name}");
        }
    }

    #[test]
    fn a_type_that_is_not_there_is_refused_by_name() {
        let ssm = ParameterKind::find("AWS::SSM::Parameter::Value<String>").unwrap_err();
        assert!(ssm.contains("AWS::SSM::Parameter::Value<String> is not supported here: there is no Systems Manager"), "{ssm}");
        for name in [
            "List<String>",
            "List<AWS::EC2::KeyPair::KeyName>",
            "AWS::EC2::Nothing::Id",
            "string",
            "List<AWS::EC2::VPC::Id",
        ] {
            let said = ParameterKind::find(name).unwrap_err();
            assert!(said.contains(&format!("the parameter type {name} is not supported here; supported are String, Number, AWS::EC2::AvailabilityZone::Name")), "{said}");
        }
    }
}
