package io.signalbox.acl.model;

/**
 * A Client Identifier or Share Name to compare with: literal text, variables, and at the very end
 * {@code *} for any rest.
 *
 * @param template without the star
 * @param prefix whether the star was there
 */
public record NameTemplate(Template template, boolean prefix) {
  /**
   * @throws IllegalArgumentException with what is wrong, fit to be shown
   */
  public static NameTemplate of(String text) {
    boolean prefix = text.endsWith("*");
    Template template = Template.of(prefix ? text.substring(0, text.length() - 1) : text);
    for (Template.Part part : template.parts()) {
      if (part instanceof Template.Literal(String literal) && literal.indexOf('*') >= 0) {
        throw new IllegalArgumentException(
            "\"" + text + "\": \"*\" is only allowed as the last character");
      }
    }
    if (text.isEmpty()) {
      throw new IllegalArgumentException("a name to compare with is not empty");
    }
    return new NameTemplate(template, prefix);
  }

  /** As written in the policy. */
  @Override
  public String toString() {
    return prefix ? template + "*" : template.toString();
  }
}
