//! Network resources that a template may bring along. Nothing is made: each gets an id that stays, for `Ref`.

use super::resource_type::{Maker, Placeholder, Type};
use super::schema::{Shape, in_place, replaces};

pub(super) const TYPES: &[Type] = &[
    Type {
        name: "AWS::EC2::VPC",
        maker: Maker::Placeholder(Placeholder::Id("vpc")),
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
        maker: Maker::Placeholder(Placeholder::Id("subnet")),
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
        maker: Maker::Placeholder(Placeholder::Id("igw")),
        properties: &[in_place("Tags", Shape::Tags)],
        attributes: &["InternetGatewayId"],
    },
    Type {
        name: "AWS::EC2::VPCGatewayAttachment",
        maker: Maker::Placeholder(Placeholder::GatewayAttachment),
        properties: &[
            replaces("VpcId", Shape::Text).required(),
            in_place("InternetGatewayId", Shape::Text),
            in_place("VpnGatewayId", Shape::Text),
        ],
        attributes: &["AttachmentType"],
    },
    Type {
        name: "AWS::EC2::RouteTable",
        maker: Maker::Placeholder(Placeholder::Id("rtb")),
        properties: &[replaces("VpcId", Shape::Text).required(), in_place("Tags", Shape::Tags)],
        attributes: &["RouteTableId"],
    },
    Type {
        name: "AWS::EC2::Route",
        maker: Maker::Placeholder(Placeholder::Route),
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
        maker: Maker::Placeholder(Placeholder::Id("rtbassoc")),
        properties: &[
            replaces("RouteTableId", Shape::Text).required(),
            replaces("SubnetId", Shape::Text).required(),
        ],
        attributes: &["Id"],
    },
];
