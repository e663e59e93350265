//! The types of `AWS::RefactorSpaces`, by their published resource schemas. Environments need what the API needs, too.

use super::resource_type::{Maker, Type};
use super::schema::{Property, Shape, in_place, replaces};
use crate::provider::ResourceKind;

const ENVIRONMENT: Property = replaces("EnvironmentIdentifier", Shape::Id("env-")).required();
const APPLICATION: Property = replaces("ApplicationIdentifier", Shape::Id("app-")).required();
const NAME: Property = replaces("Name", Shape::Text).required();
const DESCRIPTION: Property = replaces("Description", Shape::Text);
const TAGS: Property = in_place("Tags", Shape::Tags);

pub(super) const TYPES: &[Type] = &[
    Type {
        name: "AWS::RefactorSpaces::Environment",
        maker: Maker::Spaces(ResourceKind::Environment),
        properties: &[
            NAME,
            replaces("NetworkFabricType", Shape::Text).required(),
            DESCRIPTION,
            TAGS,
        ],
        attributes: &["EnvironmentIdentifier", "Arn", "TransitGatewayId"],
    },
    Type {
        name: "AWS::RefactorSpaces::Application",
        maker: Maker::Spaces(ResourceKind::Application),
        properties: &[
            ENVIRONMENT,
            NAME,
            replaces("ProxyType", Shape::Text).required(),
            replaces("VpcId", Shape::Text).required(),
            replaces(
                "ApiGatewayProxy",
                Shape::Object(&[
                    replaces("EndpointType", Shape::Text),
                    replaces("StageName", Shape::Text),
                ]),
            ),
            TAGS,
        ],
        attributes: &[
            "ApplicationIdentifier",
            "Arn",
            "ProxyUrl",
            "StageName",
            "ApiGatewayId",
            "VpcLinkId",
            "NlbArn",
            "NlbName",
        ],
    },
    Type {
        name: "AWS::RefactorSpaces::Service",
        maker: Maker::Spaces(ResourceKind::Service),
        properties: &[
            ENVIRONMENT,
            APPLICATION,
            NAME,
            replaces("EndpointType", Shape::Text).required(),
            replaces(
                "UrlEndpoint",
                Shape::Object(&[
                    replaces("Url", Shape::Text).required(),
                    replaces("HealthUrl", Shape::Text),
                ]),
            ),
            replaces("LambdaEndpoint", Shape::Object(&[replaces("Arn", Shape::Text).required()])),
            replaces("VpcId", Shape::Text),
            DESCRIPTION,
            TAGS,
        ],
        attributes: &["ServiceIdentifier", "Arn"],
    },
    Type {
        name: "AWS::RefactorSpaces::Route",
        maker: Maker::Spaces(ResourceKind::Route),
        properties: &[
            ENVIRONMENT,
            APPLICATION,
            replaces("ServiceIdentifier", Shape::Id("svc-")).required(),
            replaces("RouteType", Shape::Text).required(),
            replaces(
                "DefaultRoute",
                Shape::Object(&[in_place("ActivationState", Shape::Text).required()]),
            ),
            replaces(
                "UriPathRoute",
                Shape::Object(&[
                    in_place("ActivationState", Shape::Text).required(),
                    replaces("SourcePath", Shape::Text),
                    replaces("Methods", Shape::Texts),
                    replaces("IncludeChildPaths", Shape::Flag),
                    replaces("AppendSourcePath", Shape::Flag),
                ]),
            ),
            TAGS,
        ],
        attributes: &["RouteIdentifier", "Arn", "PathResourceToId"],
    },
];
