package provider

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type user struct {
	Name              types.String `tfsdk:"name"`
	PasswordWO        types.String `tfsdk:"password_wo"`
	PasswordWOVersion types.Int64  `tfsdk:"password_wo_version"`
	Groups            types.Set    `tfsdk:"groups"`
	Enabled           types.Bool   `tfsdk:"enabled"`
	PasswordChangedAt types.String `tfsdk:"password_changed_at"`
	CreatedAt         types.String `tfsdk:"created_at"`
	Revision          types.Int64  `tfsdk:"revision"`
}

var userPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$`)

func newUser() resource.Resource {
	return &object[user, client.User]{
		base: base{kind: "user", schema: schema.Schema{
			MarkdownDescription: "Somebody who connects with a user name and a password. The broker keeps a verifier of the password only, " +
				"Terraform nothing of it. Destroying the user ends the user's connections.",
			Attributes: map[string]schema.Attribute{
				"name": schema.StringAttribute{Required: true, MarkdownDescription: "The User Name. Another one makes another object.",
					Validators: []validator.String{stringvalidator.RegexMatches(userPattern, "must be 1 to 64 letters, digits, or any of . _ @ + -, "+
						"and begin with a letter or digit")},
					PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
				"password_wo": schema.StringAttribute{Required: true, WriteOnly: true, Sensitive: true,
					Validators:          []validator.String{stringvalidator.LengthBetween(8, 1024)},
					MarkdownDescription: "The password, 8 characters or more; sent when the user is made and when `password_wo_version` changes."},
				"password_wo_version": schema.Int64Attribute{Required: true, MarkdownDescription: secretVersion},
				"groups":              setAttribute("Groups of the user, for policies and roles."),
				"enabled":             flagAttribute("`false` refuses the user and ends the user's connections.", true),
				"password_changed_at": computed("When the password was last sent, RFC 3339."),
				"created_at":          createdAt(),
				"revision":            revision(),
			},
		}},
		path: func(m *user) string { return at("users", m.Name.ValueString()) },
		named: func(id string) (*user, error) {
			name, version, err := withVersion(id)
			return &user{Name: types.StringValue(name), PasswordWOVersion: version}, err
		},
		secretChanged: func(before, after *user) bool { return !before.PasswordWOVersion.Equal(after.PasswordWOVersion) },
		secretReplaced: func(before, made *client.User) bool {
			return before.PasswordChangedAt != made.PasswordChangedAt // the broker leaves it when it gets the same password
		},
		encode: func(ctx context.Context, m, config *user, diagnostics *diag.Diagnostics) *client.User {
			return &client.User{
				Password: config.PasswordWO.ValueString(),
				Groups:   elementsOf(ctx, m.Groups, diagnostics),
				Enabled:  m.Enabled.ValueBool(),
				Revision: m.Revision.ValueInt64(),
			}
		},
		decode: func(ctx context.Context, a *client.User, m *user, diagnostics *diag.Diagnostics) {
			m.Name = types.StringValue(a.Name)
			m.PasswordWO = types.StringNull()
			m.Groups = setOf(ctx, a.Groups, diagnostics)
			m.Enabled = types.BoolValue(a.Enabled)
			m.PasswordChangedAt = optional(a.PasswordChangedAt)
			m.CreatedAt = types.StringValue(a.CreatedAt)
			m.Revision = types.Int64Value(a.Revision)
		},
	}
}

// withVersion reads the import id of an object with a secret: its name, and the version that its configuration has.
func withVersion(id string) (string, types.Int64, error) {
	name, version, found := strings.Cut(id, "/")
	if !found {
		return name, types.Int64Null(), nil
	}
	number, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return "", types.Int64Null(), fmt.Errorf("%q reads neither NAME nor NAME/VERSION, where VERSION is the number that the "+
			"configuration has for the secret", id)
	}
	return name, types.Int64Value(number), nil
}
