package io.signalbox.acl.model;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.filter.SharedFilter;
import io.signalbox.acl.subject.Attribute;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A Topic Filter whose levels may hold variables: {@code pump/${device.id}/data/#}.
 *
 * <p>INVARIANT: valid for every value that a variable can take, because no value holds '/', '+' or
 * '#'. "+/#" as a whole is kept as "#".
 *
 * @param levels one template a level; the wildcards are the literals "+" and "#"
 */
public record TopicTemplate(List<Template> levels) {
  /** More levels than that are refused; each costs a step of every decision. */
  public static final int LEVELS_MAX = 100;

  public TopicTemplate {
    levels = List.copyOf(levels);
  }

  /**
   * @throws IllegalArgumentException with what is wrong, fit to be shown
   */
  public static TopicTemplate of(String text) {
    List<String> pieces = splitOutsideVariables(text);
    List<Template> levels = new ArrayList<>(pieces.size());
    for (String piece : pieces) {
      levels.add(Template.of(piece));
    }
    if (!isSurelyValid(text, pieces)) {
      check(text, levels);
    }
    if (pieces.size() == 2 && pieces.get(0).equals("+") && pieces.get(1).equals("#")) {
      return new TopicTemplate(List.of(Template.of("#")));
    }
    return new TopicTemplate(levels);
  }

  /** Whether a look at the text shows that {@link #check} has nothing to say. */
  private static boolean isSurelyValid(String text, List<String> pieces) {
    if (text.isEmpty()
        || text.startsWith("$")
        || text.indexOf('\0') >= 0
        || 3 * text.length() > Filter.BYTES_MAX
        || pieces.size() > LEVELS_MAX) {
      return false;
    }
    if (text.indexOf('+') < 0 && text.indexOf('#') < 0) {
      return true;
    }
    for (int i = 0; i < pieces.size(); i++) {
      String piece = pieces.get(i);
      boolean wildcard = piece.indexOf('+') >= 0 || piece.indexOf('#') >= 0;
      if (wildcard && !piece.equals("+") && !(piece.equals("#") && i == pieces.size() - 1)) {
        return false;
      }
    }
    return true;
  }

  private static void check(String text, List<Template> levels) {
    StringBuilder shape = new StringBuilder();
    for (int i = 0; i < levels.size(); i++) {
      shape.append(i == 0 ? "" : "/");
      for (Template.Part part : levels.get(i).parts()) {
        shape.append(part instanceof Template.Literal(String literal) ? literal : "v");
      }
    }
    String fault = Filter.fault(shape.toString());
    if (!fault.isEmpty()) {
      throw new IllegalArgumentException("\"" + text + "\": " + fault);
    }
    if (levels.size() > LEVELS_MAX) {
      throw new IllegalArgumentException(
          "a pattern has at most %d levels, this one has %d".formatted(LEVELS_MAX, levels.size()));
    }
    if (SharedFilter.isShared(shape.toString())) {
      throw new IllegalArgumentException(
          "\"%s\": a shared subscription is granted by the filter behind the share name, and"
                  .formatted(text)
              + " \"shareGroups\" names the groups");
    }
    Template first = levels.getFirst();
    if (!first.isLiteral()
        && first.parts().getFirst() instanceof Template.Literal(String literal)
        && literal.startsWith("$")) {
      throw new IllegalArgumentException(
          "\"" + text + "\": a first level that starts with \"$\" holds no variable");
    }
  }

  /** Splits at slashes, but not at those inside ${}: claim names hold URLs. */
  private static List<String> splitOutsideVariables(String text) {
    List<String> pieces = new ArrayList<>();
    int start = 0;
    int slash = text.indexOf('/');
    int variable = text.indexOf("${");
    while (slash >= 0) {
      if (variable >= 0 && variable < slash) {
        int close = text.indexOf('}', variable);
        int behind = close < 0 ? text.length() : close;
        slash = slash < behind ? text.indexOf('/', behind) : slash;
        variable = text.indexOf("${", behind);
      } else {
        pieces.add(text.substring(start, slash));
        start = slash + 1;
        slash = text.indexOf('/', start);
      }
    }
    pieces.add(text.substring(start));
    return pieces;
  }

  public boolean isLiteral() {
    for (Template level : levels) {
      if (!level.isLiteral()) {
        return false;
      }
    }
    return true;
  }

  /** Each once. */
  public List<Attribute> variables() {
    Set<Attribute> variables = new LinkedHashSet<>();
    levels.forEach(level -> variables.addAll(level.variables()));
    return List.copyOf(variables);
  }

  /** The filter with every variable replaced; all of them must have a value. */
  public Filter substitute(Map<Attribute, String> values) {
    return new Filter(levels.stream().map(level -> level.substitute(values)).toList());
  }

  /**
   * The widest filter that any values can give: each level with a variable becomes "+".
   *
   * @param known variables that have a value
   */
  public Filter widest(Map<Attribute, String> known) {
    return new Filter(
        levels.stream()
            .map(
                level ->
                    known.keySet().containsAll(level.variables()) ? level.substitute(known) : "+")
            .toList());
  }

  /** The same with another text in the place of a variable; the text must be usable in a level. */
  public TopicTemplate replacing(Attribute variable, Template text) {
    return new TopicTemplate(
        levels.stream().map(level -> level.replacing(variable, text)).toList());
  }

  /** As written in the policy. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < levels.size(); i++) {
      levels.get(i).appendTo(i == 0 ? text : text.append('/'));
    }
    return text.toString();
  }
}
