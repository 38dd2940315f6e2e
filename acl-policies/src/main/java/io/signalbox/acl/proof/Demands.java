package io.signalbox.acl.proof;

import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.Template.Literal;
import io.signalbox.acl.model.Template.Variable;
import io.signalbox.acl.proof.Formula.Atom;
import io.signalbox.acl.subject.Attribute;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is demanded of a client so far. Changed only by copying: each branch of the search has its
 * own.
 *
 * <p>A <em>slot</em> is a variable of the pattern at hand and stands for one value; for an
 * attribute with many values it is the one that is put in.
 */
final class Demands {
  /** Facts that must hold, or must not. */
  final List<Atom> atoms;

  /** Variables that need one usable value, with what that value must not be. */
  final Map<Attribute, Set<String>> slots;

  /** Slots whose value is fixed. */
  final Map<Attribute, String> exact;

  /** Slots whose values are made of each other. */
  final List<Tie> ties;

  /** What the value of a slot itself must match, whatever other values the attribute has. */
  final Map<Attribute, List<AnyOf>> shapes;

  /** Slots whose values begin a topic, so that a '$' cannot be their first character. */
  final Set<Attribute> leading;

  /** The value of {@code other} is {@code before}, the value of {@code one}, {@code after}. */
  record Tie(Attribute one, Attribute other, String before, String after) {}

  Demands() {
    this(List.of(), Map.of(), Map.of(), List.of(), Map.of(), Set.of());
  }

  private Demands(
      List<Atom> atoms,
      Map<Attribute, Set<String>> slots,
      Map<Attribute, String> exact,
      List<Tie> ties,
      Map<Attribute, List<AnyOf>> shapes,
      Set<Attribute> leading) {
    this.atoms = new ArrayList<>(atoms);
    this.slots = new HashMap<>(slots);
    this.exact = new HashMap<>(exact);
    this.ties = new ArrayList<>(ties);
    this.shapes = new HashMap<>(shapes);
    this.leading = new HashSet<>(leading);
  }

  private Demands copy() {
    return new Demands(atoms, slots, exact, ties, shapes, leading);
  }

  Demands with(Atom atom) {
    Demands next = copy();
    next.atoms.add(atom);
    return next;
  }

  Demands with(Test test, boolean positive) {
    return with(new Atom(new Fact.Has(test.attribute(), AnyOf.of(test.anyOf())), positive));
  }

  Demands withSlot(Attribute attribute) {
    Demands next = copy();
    next.slots.putIfAbsent(attribute, Set.of());
    return next;
  }

  Demands withExact(Map<Attribute, String> values) {
    Demands next = copy();
    values.forEach(
        (attribute, value) -> {
          next.slots.putIfAbsent(attribute, Set.of());
          if (!next.exact.getOrDefault(attribute, value).equals(value)) {
            next.slots.put(
                attribute, Set.of(value)); // two values for one slot: nothing satisfies it
            next.exact.put(attribute, value);
          } else {
            next.exact.put(attribute, value);
          }
        });
    return next;
  }

  Demands withTie(Tie tie) {
    Demands next = withSlot(tie.one).withSlot(tie.other);
    next.ties.add(tie);
    return next;
  }

  /** The value of the slot matches this. */
  Demands withShape(Attribute slot, Glob shape) {
    Demands next = withSlot(slot);
    List<AnyOf> all = new ArrayList<>(next.shapes.getOrDefault(slot, List.of()));
    all.add(AnyOf.of(List.of(shape)));
    next.shapes.put(slot, List.copyOf(all));
    return next;
  }

  /** The values of these slots begin a topic. */
  Demands leading(Optional<Attribute> slot) {
    Demands next = copy();
    slot.ifPresent(next.leading::add);
    return next;
  }

  /** The value of the slot is another one than this; of other values the attribute may have it. */
  Demands excluding(Attribute attribute, String value) {
    Demands next = copy();
    Set<String> excluded = new HashSet<>(next.slots.getOrDefault(attribute, Set.of()));
    excluded.add(value);
    next.slots.put(attribute, excluded);
    return next;
  }

  /** No value of the attribute is this one. */
  Demands without(Attribute attribute, String value) {
    return value.indexOf('*') >= 0
        ? excluding(attribute, value)
        : with(new Test(attribute, List.of(new Glob(value))), false);
  }

  /** Whether two templates are the same text under every client that satisfies the demands. */
  boolean alwaysSame(Template one, Template other) {
    return represented(one).equals(represented(other));
  }

  /** With tied slots written as what they are made of. */
  private Template represented(Template template) {
    Template result = template;
    for (Tie tie : ties) {
      result =
          result.replacing(
              tie.other,
              new Template(
                  List.of(new Literal(tie.before), new Variable(tie.one), new Literal(tie.after))));
    }
    return result;
  }
}
