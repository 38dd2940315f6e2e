package io.signalbox.acl.decision;

import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * What one client has for a variable.
 *
 * <p>A value is usable when it can stand in one level without changing what the pattern means: not
 * empty, no '/', '+', '#', NUL or lone surrogate, and no '$' at the start of the topic.
 *
 * @param usable each may be substituted, but for those with '$' at the start of a topic
 * @param fault why there is none, or why some of them were left out; "" when all is well
 */
record Values(List<String> usable, String fault) {
  static Values of(Attribute variable, Subject subject) {
    List<String> all = variable.of(subject);
    if (all.size() == 1 && fault(all.getFirst()).isEmpty()) {
      return new Values(all, "");
    }
    List<String> usable = new ArrayList<>();
    String fault = "";
    for (String value : new LinkedHashSet<>(all)) {
      String wrong = fault(value);
      if (wrong.isEmpty()) {
        usable.add(value);
      } else {
        fault = wrong;
      }
    }
    return new Values(usable, usable.isEmpty() && fault.isEmpty() ? "has no value" : fault);
  }

  private static String fault(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '/', '+', '#' -> {
          return "holds \"" + c + "\"";
        }
        case '\0' -> {
          return "holds a NUL";
        }
        default -> {
          if (Character.isSurrogate(c)) {
            if (Character.isLowSurrogate(c)
                || i + 1 == value.length()
                || !Character.isLowSurrogate(value.charAt(i + 1))) {
              return "holds half a surrogate pair";
            }
            i++;
          }
        }
      }
    }
    return "";
  }
}
