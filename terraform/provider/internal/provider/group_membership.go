package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type membership struct {
	Group  types.String `tfsdk:"group"`
	Device types.String `tfsdk:"device"`
}

func newGroupMembership() resource.Resource {
	return &link[membership, client.Member]{
		base: base{kind: "group_membership", schema: schema.Schema{
			MarkdownDescription: "Puts one device into one group. For a device whose `groups` are left out.",
			Attributes: map[string]schema.Attribute{
				"group":  nameAttribute("The group."),
				"device": nameAttribute("The device."),
			},
		}},
		path: (*membership).path,
		named: func(id string) (*membership, error) {
			group, device, found := strings.Cut(id, "/")
			if !found || group == "" || device == "" {
				return nil, fmt.Errorf("%q does not read GROUP/DEVICE", id)
			}
			return &membership{types.StringValue(group), types.StringValue(device)}, nil
		},
	}
}

func (m *membership) path() string {
	return at("groups", m.Group.ValueString(), "members", m.Device.ValueString())
}
