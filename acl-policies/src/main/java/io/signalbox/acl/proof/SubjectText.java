package io.signalbox.acl.proof;

import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.List;

/** A client in words: its attributes that say something. */
public final class SubjectText {
  private SubjectText() {}

  /** {@code device.id = p7, group = pumps}. */
  public static String of(Subject subject) {
    List<String> parts = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      switch (kind) {
        case DEVICE_ATTRIBUTE ->
            subject.deviceAttributes().forEach((name, value) -> parts.add(part(kind, name, value)));
        case JWT_CLAIM -> {
          if (subject.token() != null && !subject.token().claims().isEmpty()) {
            parts.add("claims " + subject.token().claims());
          }
        }
        default ->
            new Attribute(kind)
                .of(subject)
                .forEach(value -> parts.add(new Attribute(kind) + " = " + value));
      }
    }
    return String.join(", ", parts);
  }

  private static String part(Kind kind, String name, String value) {
    return new Attribute(kind, name) + " = " + value;
  }
}
