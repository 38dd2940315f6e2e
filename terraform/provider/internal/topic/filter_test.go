package topic

import (
	"strings"
	"testing"
)

// alphabet holds what behaves differently: a plain level, another one, one behind a dollar, and the empty level.
var alphabet = []string{"a", "b", "$s", ""}

// universe lists every text of one to three levels over the alphabet and the given wildcards.
func universe(extra ...string) []string {
	levels := append(append([]string{}, alphabet...), extra...)
	texts := append([]string{}, levels...)
	row := levels
	for range 2 {
		var next []string
		for _, head := range row {
			for _, tail := range levels {
				next = append(next, head+"/"+tail)
			}
		}
		texts = append(texts, next...)
		row = next
	}
	return texts
}

// names reach one level deeper than the filters: what "#" covers there is the same at any depth.
func names() []string {
	var all []string
	for _, text := range universe() {
		all = append(all, text)
		if strings.Count(text, "/") == 2 {
			for _, tail := range alphabet {
				all = append(all, text+"/"+tail)
			}
		}
	}
	return all
}

// spells out section 4.7 of the standard by recursion over the two texts, with nothing shared with the code under test.
func spells(filter, name []string, first bool) bool {
	switch {
	case len(filter) == 1 && filter[0] == "#":
		return !first || !strings.HasPrefix(name[0], "$")
	case len(filter) == 0 || len(name) == 0:
		return len(filter) == len(name)
	case filter[0] == "+":
		return !(first && strings.HasPrefix(name[0], "$")) && spells(filter[1:], name[1:], false)
	default:
		return filter[0] == name[0] && spells(filter[1:], name[1:], false)
	}
}

func validFilters(t *testing.T) map[string]Filter {
	valid := map[string]Filter{}
	for _, text := range universe("+", "#") {
		hash := strings.Index(text, "#")
		wrong := text == "" || (hash >= 0 && hash != len(text)-1)
		filter, err := ParseFilter(text)
		if wrong != (err != nil) {
			t.Fatalf("filter %q: error %v", text, err)
		}
		if err == nil {
			valid[text] = filter
		}
	}
	return valid
}

func TestMatchesWhatTheStandardSpellsOut(t *testing.T) {
	filters := validFilters(t)
	cases := 0
	for _, name := range names() {
		for text, filter := range filters {
			if name == "" {
				continue
			}
			got, err := filter.Matches(name)
			if err != nil {
				t.Fatal(err)
			}
			if want := spells(strings.Split(text, "/"), strings.Split(name, "/"), true); got != want {
				t.Errorf("%q matches %q: %v, want %v", text, name, got, want)
			}
			cases++
		}
	}
	if cases < 50_000 {
		t.Errorf("only %d cases", cases)
	}
}

func TestContainsExactlyWhenEveryNameIsShared(t *testing.T) {
	filters := validFilters(t)
	all := names()
	matched := map[string][]bool{}
	for text, filter := range filters {
		row := make([]bool, len(all))
		for i, name := range all {
			if name != "" {
				row[i], _ = filter.Matches(name)
			}
		}
		matched[text] = row
	}
	for outer, outerFilter := range filters {
		for inner, innerFilter := range filters {
			want := true
			for i, in := range matched[inner] {
				if in && !matched[outer][i] {
					want = false
					break
				}
			}
			// A finite alphabet cannot tell "every level" from "+": "a" and "b" and "" and "$s" are not all there is, but no
			// single filter without a wildcard matches two of them, so containment over these names is containment over all.
			if got := outerFilter.Contains(innerFilter); got != want {
				t.Errorf("%q contains %q: %v, want %v", outer, inner, got, want)
			}
		}
	}
}

func TestRefusesWhatIsNoFilterOrName(t *testing.T) {
	for _, text := range []string{"", "a/#/b", "a+", "a/b#", "a\x00", "\xff", "$share", "$share/g", "$share/g/", "$share//a", "$share/+/a",
		"$share/g/a+", strings.Repeat("a", bytesMax+1)} {
		if _, err := ParseFilter(text); err == nil {
			t.Errorf("filter %.20q is accepted", text)
		}
	}
	all, _ := ParseFilter("#")
	for _, text := range []string{"", "a/+", "#", "a\x00b", "\xff"} {
		if _, err := all.Matches(text); err == nil {
			t.Errorf("name %q is accepted", text)
		}
	}
}

func TestLooksThroughASharedSubscription(t *testing.T) {
	shared, err := ParseFilter("$share/workers/jobs/+")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := shared.Matches("jobs/1"); !ok {
		t.Error("$share/workers/jobs/+ does not match jobs/1")
	}
	if ok, _ := shared.Matches("$share/workers/jobs/1"); ok {
		t.Error("$share/workers/jobs/+ matches a name that starts with $share")
	}
}
