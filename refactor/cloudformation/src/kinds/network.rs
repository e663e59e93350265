//! Network resources that a template may bring along. Nothing is made: each gets an id that stays, for `Ref`.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_128;

use super::schema::{Shape, in_place, replaces};
use super::{Maker, Type};
use crate::functions::text;
use crate::provider::{Created, Properties};

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    Vpc,
    Subnet,
    InternetGateway,
    GatewayAttachment,
    RouteTable,
    Route,
    RouteTableAssociation,
}

impl Placeholder {
    /// Gives the resource its id, always the same for the same token.
    pub(crate) fn make(self, token: &str, properties: &Properties) -> Created {
        let digits = format!("{:032x}", xxh3_128(token.as_bytes()));
        // AWS' ids have 17 hexadecimal digits after the prefix.
        let id = |prefix: &str| format!("{prefix}-{}", &digits[..17]);
        let property = |name: &str| properties.get(name).and_then(text).unwrap_or_default();
        let (physical_id, own_id) = match self {
            Self::Vpc => (id("vpc"), "VpcId"),
            Self::Subnet => (id("subnet"), "SubnetId"),
            Self::InternetGateway => (id("igw"), "InternetGatewayId"),
            Self::GatewayAttachment => (format!("IGW|{}", property("VpcId")), ""),
            Self::RouteTable => (id("rtb"), "RouteTableId"),
            Self::Route => {
                (format!("{}|{}", property("RouteTableId"), property("DestinationCidrBlock")), "")
            }
            Self::RouteTableAssociation => (id("rtbassoc"), "Id"),
        };
        let mut attributes = BTreeMap::new();
        match self {
            Self::Vpc => {
                attributes.insert("CidrBlock".to_owned(), property("CidrBlock"));
            }
            Self::Subnet => {
                for name in ["VpcId", "CidrBlock", "AvailabilityZone"] {
                    attributes.insert(name.to_owned(), property(name));
                }
            }
            Self::GatewayAttachment => {
                attributes.insert("AttachmentType".to_owned(), "IGW".to_owned());
            }
            Self::Route => {
                attributes.insert("CidrBlock".to_owned(), property("DestinationCidrBlock"));
            }
            Self::InternetGateway | Self::RouteTable | Self::RouteTableAssociation => {}
        }
        if !own_id.is_empty() {
            attributes.insert(own_id.to_owned(), physical_id.clone());
        }
        Created { physical_id, attributes }
    }
}

pub(super) const TYPES: &[Type] = &[
    Type {
        name: "AWS::EC2::VPC",
        maker: Maker::Nobody(Placeholder::Vpc),
        properties: &[
            replaces("CidrBlock", Shape::Text),
            in_place("EnableDnsHostnames", Shape::Flag),
            in_place("EnableDnsSupport", Shape::Flag),
            in_place("InstanceTenancy", Shape::Text),
            replaces("Ipv4IpamPoolId", Shape::Text),
            replaces("Ipv4NetmaskLength", Shape::Integer),
            in_place("Tags", Shape::Tags),
        ],
        attributes: &["VpcId", "CidrBlock"],
    },
    Type {
        name: "AWS::EC2::Subnet",
        maker: Maker::Nobody(Placeholder::Subnet),
        properties: &[
            replaces("VpcId", Shape::Text).required(),
            in_place("AssignIpv6AddressOnCreation", Shape::Flag),
            replaces("AvailabilityZone", Shape::Text),
            replaces("AvailabilityZoneId", Shape::Text),
            replaces("CidrBlock", Shape::Text),
            in_place("EnableDns64", Shape::Flag),
            in_place("Ipv6CidrBlock", Shape::Text),
            in_place("MapPublicIpOnLaunch", Shape::Flag),
            in_place("PrivateDnsNameOptionsOnLaunch", Shape::Anything),
            in_place("Tags", Shape::Tags),
        ],
        attributes: &["SubnetId", "VpcId", "CidrBlock", "AvailabilityZone"],
    },
    Type {
        name: "AWS::EC2::InternetGateway",
        maker: Maker::Nobody(Placeholder::InternetGateway),
        properties: &[in_place("Tags", Shape::Tags)],
        attributes: &["InternetGatewayId"],
    },
    Type {
        name: "AWS::EC2::VPCGatewayAttachment",
        maker: Maker::Nobody(Placeholder::GatewayAttachment),
        properties: &[
            replaces("VpcId", Shape::Text).required(),
            in_place("InternetGatewayId", Shape::Text),
            in_place("VpnGatewayId", Shape::Text),
        ],
        attributes: &["AttachmentType"],
    },
    Type {
        name: "AWS::EC2::RouteTable",
        maker: Maker::Nobody(Placeholder::RouteTable),
        properties: &[replaces("VpcId", Shape::Text).required(), in_place("Tags", Shape::Tags)],
        attributes: &["RouteTableId"],
    },
    Type {
        name: "AWS::EC2::Route",
        maker: Maker::Nobody(Placeholder::Route),
        properties: &[
            replaces("RouteTableId", Shape::Text).required(),
            replaces("DestinationCidrBlock", Shape::Text),
            replaces("DestinationIpv6CidrBlock", Shape::Text),
            in_place("EgressOnlyInternetGatewayId", Shape::Text),
            in_place("GatewayId", Shape::Text),
            in_place("NatGatewayId", Shape::Text),
            in_place("TransitGatewayId", Shape::Text),
        ],
        attributes: &["CidrBlock"],
    },
    Type {
        name: "AWS::EC2::SubnetRouteTableAssociation",
        maker: Maker::Nobody(Placeholder::RouteTableAssociation),
        properties: &[
            replaces("RouteTableId", Shape::Text).required(),
            replaces("SubnetId", Shape::Text).required(),
        ],
        attributes: &["Id"],
    },
];
