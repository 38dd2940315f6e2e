package io.signalbox.acl.proof;

import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Match;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.model.Where;
import io.signalbox.acl.proof.Fact.From;
import io.signalbox.acl.proof.Fact.Has;
import io.signalbox.acl.proof.Fact.Tls;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Facts joined by and, or; negation stands only in front of a fact. */
sealed interface Formula {
  record And(List<Formula> parts) implements Formula {}

  record Or(List<Formula> parts) implements Formula {}

  record Atom(Fact fact, boolean positive) implements Formula {}

  default Formula negated() {
    return switch (this) {
      case And(List<Formula> parts) -> new Or(parts.stream().map(Formula::negated).toList());
      case Or(List<Formula> parts) -> new And(parts.stream().map(Formula::negated).toList());
      case Atom(Fact fact, boolean positive) -> new Atom(fact, !positive);
    };
  }

  static Formula of(Test test) {
    return of(test.attribute(), test.anyOf());
  }

  /** Some value of the attribute is matched by one of the globs. */
  static Formula of(Attribute attribute, List<Glob> anyOf) {
    return new Atom(new Has(attribute, AnyOf.of(anyOf)), true);
  }

  static Formula of(Condition condition) {
    return new And(condition.tests().stream().map(Formula::of).toList());
  }

  static Formula of(Match match) {
    List<Formula> parts = new ArrayList<>();
    match.all().forEach(condition -> parts.add(of(condition)));
    if (!match.any().isEmpty()) {
      parts.add(new Or(match.any().stream().map(Formula::of).toList()));
    }
    match.not().forEach(condition -> parts.add(of(condition).negated()));
    return new And(parts);
  }

  /** What a statement asks of the connection. */
  static Formula of(Where where) {
    List<Formula> parts = new ArrayList<>();
    addWords(parts, Kind.TRANSPORT, where.transports(), transport -> transport.word());
    addWords(parts, Kind.AUTH_METHOD, where.authMethods(), method -> method.word());
    if (!where.listeners().isEmpty()) {
      parts.add(of(new Attribute(Kind.LISTENER), where.listeners()));
    }
    if (!where.tlsVersions().isEmpty()) {
      parts.add(new Atom(new Tls(where.tlsVersions()), true));
    }
    if (!where.sources().isEmpty()) {
      parts.add(new Atom(new From(where.sources()), true));
    }
    return new And(parts);
  }

  private static <T> void addWords(
      List<Formula> parts, Kind kind, List<T> values, Function<T, String> word) {
    if (!values.isEmpty()) {
      List<Glob> words = values.stream().map(value -> new Glob(word.apply(value))).toList();
      parts.add(of(new Attribute(kind), words));
    }
  }
}
