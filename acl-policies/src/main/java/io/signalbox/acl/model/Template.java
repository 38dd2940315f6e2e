package io.signalbox.acl.model;

import io.signalbox.acl.subject.Attribute;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Text with variables: {@code dev-${client.id}}.
 *
 * @param parts in order; two literals never stand side by side, they are joined; an empty one only
 *     stands alone
 */
public record Template(List<Part> parts) {
  /** A piece of the text. */
  public sealed interface Part {}

  public record Literal(String text) implements Part {}

  public record Variable(Attribute attribute) implements Part {}

  public Template {
    parts = List.copyOf(joined(parts));
  }

  /**
   * @throws IllegalArgumentException with what is wrong, fit to be shown
   */
  public static Template of(String text) {
    if (text.indexOf("${") < 0) {
      return new Template(List.of(new Literal(text)));
    }
    List<Part> parts = new ArrayList<>(3);
    int at = 0;
    for (int open = text.indexOf("${"); open >= 0; open = text.indexOf("${", at)) {
      int close = text.indexOf('}', open);
      if (close < 0) {
        throw new IllegalArgumentException("\"${\" in \"" + text + "\" is not closed by \"}\"");
      }
      if (open > at) {
        parts.add(new Literal(text.substring(at, open)));
      }
      String name = text.substring(open + 2, close);
      Optional<Attribute> variable = Attribute.variable(name);
      if (variable.isEmpty()) {
        throw new IllegalArgumentException(
            "unknown variable \"${%s}\"; there are %s"
                .formatted(name, String.join(", ", Attribute.variables())));
      }
      parts.add(new Variable(variable.get()));
      at = close + 1;
    }
    if (at < text.length() || parts.isEmpty()) {
      parts.add(new Literal(text.substring(at)));
    }
    return new Template(parts);
  }

  public boolean isLiteral() {
    for (Part part : parts) {
      if (part instanceof Variable) {
        return false;
      }
    }
    return true;
  }

  /** Each once, in the order of their names. */
  public List<Attribute> variables() {
    if (isLiteral()) {
      return List.of();
    }
    TreeSet<Attribute> found = new TreeSet<>(Comparator.comparing(Attribute::toString));
    for (Part part : parts) {
      if (part instanceof Variable(Attribute attribute)) {
        found.add(attribute);
      }
    }
    return List.copyOf(found);
  }

  /** The text with every variable replaced; all of them must have a value. */
  public String substitute(Map<Attribute, String> values) {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      switch (part) {
        case Literal(String literal) -> text.append(literal);
        case Variable(Attribute attribute) ->
            text.append(
                Optional.ofNullable(values.get(attribute))
                    .orElseThrow(() -> new IllegalStateException("no value for " + attribute)));
      }
    }
    return text.toString();
  }

  /** The same with another text in the place of a variable. */
  public Template replacing(Attribute variable, Template text) {
    List<Part> replaced = new ArrayList<>();
    for (Part part : parts) {
      if (part instanceof Variable(Attribute attribute) && attribute.equals(variable)) {
        replaced.addAll(text.parts);
      } else {
        replaced.add(part);
      }
    }
    return new Template(replaced);
  }

  private static List<Part> joined(List<Part> parts) {
    if (parts.size() == 1) {
      return parts;
    }
    List<Part> joined = new ArrayList<>();
    for (Part part : parts) {
      if (part instanceof Literal(String empty) && empty.isEmpty() && parts.size() > 1) {
        continue;
      }
      if (part instanceof Literal(String text)
          && !joined.isEmpty()
          && joined.getLast() instanceof Literal(String before)) {
        joined.set(joined.size() - 1, new Literal(before + text));
      } else {
        joined.add(part);
      }
    }
    return joined;
  }

  /** As written in the policy. */
  @Override
  public String toString() {
    if (parts.size() == 1 && parts.getFirst() instanceof Literal(String literal)) {
      return literal;
    }
    StringBuilder text = new StringBuilder();
    appendTo(text);
    return text.toString();
  }

  /** As written in the policy. */
  void appendTo(StringBuilder text) {
    for (Part part : parts) {
      if (part instanceof Literal(String literal)) { // a switch is linked at its first use
        text.append(literal);
      } else if (part instanceof Variable(Attribute attribute)) {
        text.append("${").append(attribute).append('}');
      }
    }
  }
}
