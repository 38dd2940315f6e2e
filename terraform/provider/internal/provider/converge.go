package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// attemptsMax bounds how often a change gives way to somebody else's.
const attemptsMax = 5

// create puts an object that should not exist yet. If it does and is what was wanted, an earlier request's answer was lost, or
// it has been made by hand: it is taken over, and before is what it was. If it is anything else it stays as it is.
func create[A any](ctx context.Context, c *client.Client, path string, wanted *A) (made, before *A, err error) {
	made = new(A)
	err = c.Put(ctx, path, client.OnlyCreate, wanted, made)
	if !client.IsPreconditionFailed(err) {
		return made, nil, err
	}
	before = new(A)
	if err := c.Get(ctx, path, before); err != nil {
		return nil, nil, err
	}
	if fields := differences(wanted, before); len(fields) > 0 {
		return nil, nil, differentError{fmt.Errorf("%s exists already and is different in %s; import it into the state, or choose another name",
			path, strings.Join(fields, ", "))}
	}
	return made, before, c.Put(ctx, path, client.OnlyRevision(revisionOf(before)), wanted, made)
}

// holdsSecret says whether an object is put with a secret, of which no answer says whether there was another one.
func holdsSecret(object any) bool {
	fields := reflect.ValueOf(object).Elem()
	for i := range fields.NumField() {
		if fields.Type().Field(i).Tag.Get("api") == "secret" && !fields.Field(i).IsZero() {
			return true
		}
	}
	return false
}

// update replaces an object that was last seen as prior. Somebody may have changed it since: what does not concern the fields
// that Terraform manages is no obstacle, anything else is, whether the configuration mentions it or leaves it out.
func update[A any](ctx context.Context, c *client.Client, path string, revision int64, prior, wanted *A) (*A, error) {
	for attempt := 0; ; attempt++ {
		made := new(A)
		err := c.Put(ctx, path, client.OnlyRevision(revision), wanted, made)
		if !client.IsPreconditionFailed(err) {
			return made, err
		}
		present := new(A)
		if err := c.Get(ctx, path, present); err != nil {
			return nil, err
		}
		// Our own earlier request may have arrived: then this is what was wanted, and putting it again changes at most a secret.
		if fields := changedElsewhere(prior, wanted, present); len(fields) > 0 && len(differences(wanted, present)) > 0 {
			return nil, fmt.Errorf("%s has been changed by somebody else since the plan was made (%s); plan again", path,
				strings.Join(fields, ", "))
		}
		if attempt == attemptsMax {
			return nil, fmt.Errorf("%s changes all the time, though nothing of it that Terraform manages; apply again", path)
		}
		revision = revisionOf(present)
	}
}

// revisionOf reads the revision of any object of the API.
func revisionOf(object any) int64 {
	return reflect.ValueOf(object).Elem().FieldByName("Revision").Int()
}

// changedElsewhere names the fields that Terraform manages, as wanted shows, and that are not as it saw them last.
func changedElsewhere(prior, wanted, present any) []string {
	managed := putFields(wanted)
	return slices.DeleteFunc(differences(prior, present), func(name string) bool {
		_, found := managed[name]
		return !found
	})
}

// differences names the fields of wanted that are not so in present. What wanted leaves out is wanted to have its default, unless
// the API keeps what there is.
func differences(wanted, present any) []string {
	have := putFields(present)
	var names []string
	for name, value := range putFields(wanted) {
		if !covers(value, have[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// putFields gives what a PUT of an object sets and an answer shows, nil for what is left out. A field that the API keeps is among
// them only if it is not left out.
func putFields(object any) map[string]any {
	given, shape := fieldsOf(object), reflect.TypeOf(object).Elem()
	fields := map[string]any{}
	for i := range shape.NumField() {
		tag := shape.Field(i).Tag
		name, _, _ := strings.Cut(tag.Get("json"), ",")
		value, found := given[name]
		switch tag.Get("api") {
		case "shown", "secret":
		case "kept":
			if found {
				fields[name] = value
			}
		default:
			fields[name] = value
		}
	}
	return fields
}

func fieldsOf(object any) map[string]any {
	text, err := json.Marshal(object)
	if err != nil {
		panic(fmt.Sprintf("%T is no JSON: %v", object, err)) // structs of strings, numbers and maps only
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		panic(fmt.Sprintf("%T is no JSON object: %v", object, err))
	}
	return fields
}

// covers compares as the API means it: a list is a set, a field with its empty value may be absent, the white space around a PEM text
// does not count, and a time and a JSON text may be written in another way.
func covers(want, have any) bool {
	switch want := want.(type) {
	case map[string]any:
		have, _ := have.(map[string]any)
		for name, value := range want {
			if !covers(value, have[name]) {
				return false
			}
		}
		for name, value := range have {
			if _, wanted := want[name]; !wanted && !isEmpty(value) {
				return false
			}
		}
		return true
	case []any:
		have, _ := have.([]any)
		if len(want) != len(have) {
			return false
		}
		for _, element := range want {
			if !slices.ContainsFunc(have, func(other any) bool { return covers(element, other) }) {
				return false
			}
		}
		return true
	case string:
		have, _ := have.(string)
		return samePem(want, have) || sameTime(want, have) || (strings.HasPrefix(want, "{") && sameJSON(want, have))
	}
	return reflect.DeepEqual(want, have) || (isEmpty(have) && isEmpty(want))
}

func isEmpty(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return len(value) == 0
	case []any:
		return len(value) == 0
	}
	return value == nil || reflect.ValueOf(value).IsZero()
}
