package io.signalbox.acl.proof;

import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.Template.Literal;
import io.signalbox.acl.model.Template.Variable;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * One more value of an attribute that has several: a client may connect by one group and publish by
 * another. In templates and demands it stands as a variable of its own, of one value, which the
 * client has beside the others.
 */
final class Twin {
  /** No name in a policy begins so. */
  private static final String MARK = "\0twin of ";

  private Twin() {}

  static Attribute of(Attribute attribute) {
    return new Attribute(Kind.DEVICE_ATTRIBUTE, MARK + attribute);
  }

  static boolean is(Attribute attribute) {
    return attribute.kind() == Kind.DEVICE_ATTRIBUTE && attribute.argument().startsWith(MARK);
  }

  /** Of which attribute it is a value; of one that is no twin, itself. */
  static Attribute origin(Attribute attribute) {
    return is(attribute)
        ? Attribute.variable(attribute.argument().substring(MARK.length())).orElse(attribute)
        : attribute;
  }

  /** The template with the attributes themselves in the place of their twins. */
  static Template origin(Template template) {
    List<Template.Part> parts = new ArrayList<>();
    for (Template.Part part : template.parts()) {
      parts.add(
          switch (part) {
            case Literal literal -> literal;
            case Variable(Attribute attribute) -> new Variable(origin(attribute));
          });
    }
    return new Template(parts);
  }
}
