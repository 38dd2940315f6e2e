package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"signalbox.internal/terraform-provider-signalbox/internal/provider"
)

// Pages gives the text of each page by its file name. The folder of examples holds, for each page, files in a folder of the
// same name: example.tf, and import.txt with the import id of a resource.
func Pages(ctx context.Context, examples string) (map[string]string, error) {
	server := providerserver.NewProtocol6(provider.New("docs")())()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	for _, diagnostic := range schemas.Diagnostics {
		return nil, fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
	}
	pages := map[string]string{}
	add := func(name, title string, body func(*page)) {
		p := &page{examples: filepath.Join(examples, name)}
		p.line("---", "page_title: \""+title+"\"", "---", "", "# "+title, "")
		body(p)
		pages[name+".md"] = strings.TrimRight(p.String(), "\n") + "\n"
	}
	add("index", "Provider signalbox", func(p *page) { p.schema(schemas.Provider.Block) })
	for name, schema := range schemas.ResourceSchemas {
		add("resources/"+short(name), name+" (resource)", func(p *page) {
			p.schema(schema.Block)
			p.importing(name)
		})
	}
	for name, schema := range schemas.DataSourceSchemas {
		add("data-sources/"+short(name), name+" (data source)", func(p *page) { p.schema(schema.Block) })
	}
	for name, schema := range schemas.EphemeralResourceSchemas {
		add("ephemeral-resources/"+short(name), name+" (ephemeral resource)", func(p *page) { p.schema(schema.Block) })
	}
	for name, function := range schemas.Functions {
		add("functions/"+name, "provider::signalbox::"+name+" (function)", func(p *page) { p.function(name, function) })
	}
	return pages, nil
}

func short(name string) string { return strings.TrimPrefix(name, "signalbox_") }

type page struct {
	strings.Builder
	examples string
}

func (p *page) line(lines ...string) {
	for _, line := range lines {
		p.WriteString(line + "\n")
	}
}

func (p *page) example(heading string) {
	if text, err := os.ReadFile(filepath.Join(p.examples, "example.tf")); err == nil {
		p.line("## "+heading, "", "```terraform", strings.TrimRight(string(text), "\n"), "```", "")
	}
}

func (p *page) importing(name string) {
	if text, err := os.ReadFile(filepath.Join(p.examples, "import.txt")); err == nil {
		id := strings.TrimSpace(string(text))
		p.line("## Import", "", "```shell", "terraform import "+name+".example "+id, "```", "")
	}
}

func (p *page) function(name string, function *tfprotov6.Function) {
	p.line(function.Summary+".", "", function.Description, "")
	p.example("Example")
	var names []string
	for _, parameter := range function.Parameters {
		names = append(names, parameter.Name+" "+kind(parameter.Type.String()))
	}
	p.line("## Signature", "", "```text", name+"("+strings.Join(names, ", ")+") "+kind(function.Return.Type.String()), "```", "", "## Arguments", "")
	for _, parameter := range function.Parameters {
		p.line("- `" + parameter.Name + "` " + parameter.Description)
	}
}

func (p *page) schema(block *tfprotov6.SchemaBlock) {
	p.line(block.Description, "")
	p.example("Example")
	p.line("## Schema", "")
	p.attributes(block.Attributes, "")
}

// attributes lists what must be given, what can be given, and what is only shown; then what is nested.
func (p *page) attributes(attributes []*tfprotov6.SchemaAttribute, prefix string) {
	attributes = slices.Clone(attributes)
	slices.SortFunc(attributes, func(a, b *tfprotov6.SchemaAttribute) int { return strings.Compare(a.Name, b.Name) })
	level := "###"
	if prefix != "" {
		level = "####"
	}
	for _, part := range []struct {
		title string
		holds func(*tfprotov6.SchemaAttribute) bool
	}{
		{"Required", func(a *tfprotov6.SchemaAttribute) bool { return a.Required }},
		{"Optional", func(a *tfprotov6.SchemaAttribute) bool { return a.Optional }},
		{"Read-only", func(a *tfprotov6.SchemaAttribute) bool { return !a.Required && !a.Optional }},
	} {
		var lines []string
		for _, attribute := range attributes {
			if part.holds(attribute) {
				lines = append(lines, describe(attribute, prefix))
			}
		}
		if len(lines) > 0 {
			p.line(append([]string{level + " " + part.title, ""}, append(lines, "")...)...)
		}
	}
	for _, attribute := range attributes {
		if attribute.NestedType != nil {
			p.line(fmt.Sprintf("### `%s%s`", prefix, attribute.Name), "")
			p.attributes(attribute.NestedType.Attributes, prefix+attribute.Name+".")
		}
	}
}

func describe(attribute *tfprotov6.SchemaAttribute, prefix string) string {
	var traits []string
	if attribute.NestedType != nil {
		nesting := map[tfprotov6.SchemaObjectNestingMode]string{tfprotov6.SchemaObjectNestingModeSingle: "object",
			tfprotov6.SchemaObjectNestingModeList: "list of objects"}
		traits = append(traits, nesting[attribute.NestedType.Nesting]+", see `"+prefix+attribute.Name+"`")
	} else {
		traits = append(traits, kind(attribute.Type.String()))
	}
	if attribute.Sensitive {
		traits = append(traits, "sensitive")
	}
	if attribute.WriteOnly {
		traits = append(traits, "write-only: never in plan or state")
	}
	return "- `" + attribute.Name + "` (" + strings.Join(traits, ", ") + ") " + attribute.Description
}

// kind turns tftypes.List[tftypes.String] into "list of string".
func kind(text string) string {
	text = strings.ToLower(strings.ReplaceAll(text, "tftypes.", ""))
	text = strings.NewReplacer("[", " of ", "]", "", "boolean", "bool").Replace(text)
	return text
}
