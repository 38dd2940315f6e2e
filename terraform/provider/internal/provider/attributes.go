package provider

import (
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The attributes that many resources share, so that each says the same thing in the same words.

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func isName() validator.String {
	return stringvalidator.RegexMatches(namePattern, "must be 1 to 64 letters, digits, \".\", \"_\" or \"-\" and begin with a letter or digit")
}

// notEmpty is for what the API takes for left out when it is empty: it would show nothing, which is not what was planned.
func notEmpty() validator.String {
	return stringvalidator.RegexMatches(regexp.MustCompile("."), "must not be empty; leave it out, or give null")
}

// nameAttribute identifies an object; another name is another object.
func nameAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Required:            true,
		MarkdownDescription: description + " Another one makes another object.",
		Validators:          []validator.String{isName()},
		PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
	}
}

func textAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(""), MarkdownDescription: description}
}

func choiceAttribute(description, fallback string, choices ...string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString(fallback),
		MarkdownDescription: description + " One of `" + strings.Join(choices, "`, `") + "`; `" + fallback + "` by default.",
		Validators:          []validator.String{stringvalidator.OneOf(choices...)},
	}
}

func flagAttribute(description string, fallback bool) schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(fallback), MarkdownDescription: description}
}

func numberAttribute(description string, fallback int64, checks ...validator.Int64) schema.Int64Attribute {
	return schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(fallback),
		MarkdownDescription: description, Validators: checks}
}

func mapAttribute(description string) schema.MapAttribute {
	return schema.MapAttribute{Optional: true, Computed: true, ElementType: types.StringType, MarkdownDescription: description,
		Default:    mapdefault.StaticValue(types.MapValueMust(types.StringType, nil)),
		Validators: []validator.Map{mapvalidator.NoNullValues()}}
}

func setAttribute(description string, checks ...validator.Set) schema.SetAttribute {
	return schema.SetAttribute{Optional: true, Computed: true, ElementType: types.StringType, MarkdownDescription: description,
		Default:    setdefault.StaticValue(types.SetValueMust(types.StringType, nil)),
		Validators: append(checks, setvalidator.NoNullValues())}
}

// fixed is computed once and stays, so that plans show it.
func fixed(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}

func computed(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func createdAt() schema.StringAttribute { return fixed("When it was made, RFC 3339.") }

func revision() schema.Int64Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: "Grows with every change of the object."}
}

const secretVersion = "Any number; another one sends the secret again. Terraform cannot see whether a secret has changed, because " +
	"neither state nor plan holds it."
