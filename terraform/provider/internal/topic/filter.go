// Package topic answers which Topic Names a Topic Filter matches, exactly as the broker does (MQTT 5.0 section 4.7).
package topic

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// bytesMax is the longest text that MQTT can carry (section 1.5.4).
const bytesMax = 65_535

const sharePrefix = "$share/"

// Filter is a valid Topic Filter, seen as the set of Topic Names it matches.
//
// INVARIANT: at least one level, "#" only as the last, and one form for one set of names: "+/#" is kept as "#",
// and "/#" as "/+/#", because the empty name that it would match as well does not exist.
type Filter struct {
	levels []string
}

// ParseFilter reads a Topic Filter. Of a Shared Subscription, $share/NAME/FILTER, it is the FILTER that counts.
func ParseFilter(text string) (Filter, error) {
	if err := check(text, "topic filter"); err != nil {
		return Filter{}, err
	}
	inner, err := withoutShare(text)
	if err != nil {
		return Filter{}, err
	}
	levels := strings.Split(inner, "/")
	for i, level := range levels {
		if len(level) > 1 && strings.ContainsAny(level, "+#") {
			return Filter{}, fmt.Errorf("topic filter %q: a wildcard stands alone in its level, %q does not", text, level)
		}
		if level == "#" && i < len(levels)-1 {
			return Filter{}, fmt.Errorf("topic filter %q: # must be the last level", text)
		}
	}
	if len(levels) == 2 && levels[1] == "#" {
		switch levels[0] {
		case "+":
			levels = []string{"#"}
		case "":
			levels = []string{"", "+", "#"}
		}
	}
	return Filter{levels}, nil
}

// Matches reports whether a message with this Topic Name is for this filter.
func (f Filter) Matches(name string) (bool, error) {
	if err := check(name, "topic name"); err != nil {
		return false, err
	}
	if strings.ContainsAny(name, "+#") {
		return false, fmt.Errorf("topic name %q holds a wildcard", name)
	}
	return f.Contains(Filter{strings.Split(name, "/")}), nil
}

// Contains reports whether this filter matches every Topic Name that the other one matches.
func (f Filter) Contains(other Filter) bool {
	for i, mine := range f.levels {
		if mine == "#" {
			return i > 0 || !strings.HasPrefix(other.levels[0], "$") // [MQTT-4.7.2-1]
		}
		if i == len(other.levels) {
			return false
		}
		their := other.levels[i]
		if mine == "+" {
			if their == "#" || (i == 0 && strings.HasPrefix(their, "$")) {
				return false
			}
		} else if mine != their {
			return false
		}
	}
	return len(f.levels) == len(other.levels)
}

func check(text, what string) error {
	switch {
	case text == "":
		return fmt.Errorf("a %s is not empty", what)
	case len(text) > bytesMax:
		return fmt.Errorf("a %s has at most %d bytes, this one has %d", what, bytesMax, len(text))
	case strings.ContainsRune(text, 0):
		return fmt.Errorf("%s %q holds U+0000", what, text)
	case !utf8.ValidString(text):
		return fmt.Errorf("%s %q is not UTF-8", what, text)
	}
	return nil
}

func withoutShare(text string) (string, error) {
	if text != "$share" && !strings.HasPrefix(text, sharePrefix) {
		return text, nil
	}
	name, filter, _ := strings.Cut(strings.TrimPrefix(text, sharePrefix), "/")
	if text == "$share" || filter == "" {
		return "", errors.New("a shared subscription reads $share/NAME/FILTER")
	}
	if name == "" || strings.ContainsAny(name, "+#") {
		return "", fmt.Errorf("topic filter %q: a share name is not empty and holds no wildcard", text)
	}
	return filter, nil
}
