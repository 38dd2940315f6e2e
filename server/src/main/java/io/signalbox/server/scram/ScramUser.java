package io.signalbox.server.scram;

import java.util.List;

/**
 * One entry of a {@link UsersFile}.
 *
 * @param name prepared by {@link SaslPrep}
 */
public record ScramUser(String name, List<String> groups, ScramVerifier verifier) {
  private static final int NAME_CHARS_MAX = 255;
  private static final int GROUPS_MAX = 100;

  public ScramUser {
    groups = List.copyOf(groups);
    checkName(name);
    if (groups.size() > GROUPS_MAX) {
      throw new IllegalArgumentException("more than " + GROUPS_MAX + " groups");
    }
    for (String group : groups) {
      if (!isWord(group) || group.length() > NAME_CHARS_MAX || group.indexOf(',') >= 0) {
        throw new IllegalArgumentException(
            "the group \"" + group + "\" is empty, too long, or holds white space or a comma");
      }
    }
  }

  private static void checkName(String name) {
    if (!isWord(name) || name.length() > NAME_CHARS_MAX || name.startsWith("#")) {
      throw new IllegalArgumentException(
          "the user name is empty, longer than "
              + NAME_CHARS_MAX
              + " characters, begins with # or holds white space");
    }
    try {
      if (!SaslPrep.prepare(name).equals(name)) {
        throw new IllegalArgumentException(
            "the user name is not in the form that SASLprep (RFC 4013) gives it");
      }
    } catch (ScramException e) {
      throw new IllegalArgumentException("the user name is " + e.problem(), e);
    }
  }

  private static boolean isWord(String text) {
    return !text.isEmpty()
        && text.codePoints().noneMatch(c -> Character.isWhitespace(c) || Character.isISOControl(c));
  }
}
