package io.signalbox.acl.proof;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.Template.Literal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A request, and what it was made from.
 *
 * @param filter topic or filter; empty: a Client Identifier is asked for
 * @param levels of the pattern that the filter was made from; where it has no level, or a wildcard,
 *     the filter has what no statement names
 * @param name Client Identifier, or share group of a filter; empty: the filter is not shared
 */
record Asked(Optional<Filter> filter, List<Template> levels, Optional<Name> name) {
  /**
   * A text that names are compared with.
   *
   * @param origin what the text was made from; empty: it may be any
   */
  record Name(String text, Optional<Template> origin) {}

  static Asked topic(Filter filter, List<Template> levels) {
    return new Asked(Optional.of(filter), levels, Optional.empty());
  }

  static Asked clientId(String text, Optional<Template> origin) {
    return new Asked(Optional.empty(), List.of(), Optional.of(new Name(text, origin)));
  }

  /** Another filter in the place of this one. */
  Asked at(Filter other) {
    return new Asked(Optional.of(other), levels, name);
  }

  /** The topic or filter, or the Client Identifier. */
  String text() {
    return filter.map(Filter::toString).orElseGet(() -> name.map(Name::text).orElse(""));
  }

  /** The levels of the filter, as they were made. */
  List<Template> writtenLevels() {
    List<Template> written = new ArrayList<>();
    for (String level : filter.orElseThrow().levels()) {
      int i = written.size();
      boolean wild = level.equals("+") || level.equals("#");
      boolean made = !wild && i < levels.size() && !Unification.isWildcard(levels.get(i));
      written.add(made ? levels.get(i) : new Template(List.of(new Literal(level))));
    }
    return written;
  }

  boolean isShared() {
    return filter.isPresent() && name.isPresent();
  }
}
