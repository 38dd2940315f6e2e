package io.signalbox.acl.proof;

import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.Template.Variable;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
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

  /** The template with twins in the place of attributes that have several values. */
  static Template in(Template template) {
    Template twins = template;
    for (Attribute attribute : template.variables()) {
      if (attribute.isMultiValued()) {
        twins = twins.replacing(attribute, new Template(List.of(new Variable(Twin.of(attribute)))));
      }
    }
    return twins;
  }

  /** Of which attribute it is a value; of one that is no twin, itself. */
  static Attribute origin(Attribute attribute) {
    return is(attribute)
        ? Attribute.variable(attribute.argument().substring(MARK.length())).orElse(attribute)
        : attribute;
  }
}
