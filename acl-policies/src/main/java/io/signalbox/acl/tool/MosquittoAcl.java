package io.signalbox.acl.tool;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An {@code acl_file} of the mosquitto broker, and what that broker decides by it: the rules of the
 * user (or of anonymous clients) first, the patterns after them, in each group denies before
 * allows. Reading is decided at delivery; every SUBSCRIBE is granted.
 */
record MosquittoAcl(List<Rule> rules) {
  /** What a rule is about. */
  enum Access {
    READ,
    WRITE,
    READWRITE,
    DENY;

    boolean covers(boolean write) {
      return this == READWRITE || this == (write ? WRITE : READ);
    }
  }

  /**
   * @param user "" for anonymous clients; not looked at in a pattern
   * @param pattern whether it is for all clients, with {@code %c} and {@code %u}
   */
  record Rule(Position position, String user, boolean pattern, Access access, String filter) {}

  MosquittoAcl {
    rules = List.copyOf(rules);
  }

  /** What can be read; lines that cannot are problems. */
  static MosquittoAcl read(String file, String text, Problems problems) {
    List<Rule> rules = new ArrayList<>();
    String user = "";
    int number = 0;
    for (String line : text.split("\n", -1)) {
      Position position = new Position(file, ++number, 1);
      String trimmed = line.strip();
      if (trimmed.isEmpty() || trimmed.startsWith("#")) {
        continue;
      }
      String[] words = trimmed.split("\\s+", 2);
      String rest = words.length > 1 ? words[1].strip() : "";
      switch (words[0]) {
        case "user" -> {
          user = rest;
          if (rest.isEmpty()) {
            problems.add(position, "\"user\" needs a name");
          }
        }
        case "topic", "pattern" ->
            rule(position, words[0].equals("pattern"), user, rest, problems).ifPresent(rules::add);
        default ->
            problems.add(
                position,
                "unknown word \"%s\"; there are user, topic, pattern".formatted(words[0]));
      }
    }
    return new MosquittoAcl(rules);
  }

  private static Optional<Rule> rule(
      Position position, boolean pattern, String user, String rest, Problems problems) {
    String[] words = rest.split("\\s+", 2);
    Access access = Access.READWRITE;
    String filter = rest;
    for (Access candidate : Access.values()) {
      if (words.length == 2 && words[0].equals(candidate.name().toLowerCase(Locale.ROOT))) {
        access = candidate;
        filter = words[1].strip();
      }
    }
    String fault = Filter.fault(filter);
    if (!fault.isEmpty()) {
      problems.add(position, "\"" + filter + "\": " + fault);
      return Optional.empty();
    }
    if (filter.contains("${")) {
      problems.add(position, "\"" + filter + "\" holds \"${\", which starts a variable here");
      return Optional.empty();
    }
    return Optional.of(new Rule(position, user, pattern, access, filter));
  }

  /**
   * What mosquitto decides.
   *
   * @param user "" for an anonymous client
   */
  boolean allows(String user, String clientId, boolean write, String topic) {
    for (boolean pattern : List.of(false, true)) {
      boolean allowed = false;
      for (Rule rule : rules) {
        boolean mine = rule.pattern == pattern && (pattern || rule.user.equals(user));
        if (mine && matches(rule, user, clientId, topic)) {
          if (rule.access == Access.DENY) {
            return false;
          }
          allowed |= rule.access.covers(write);
        }
      }
      if (allowed) {
        return true;
      }
    }
    return false;
  }

  private static boolean matches(Rule rule, String user, String clientId, String topic) {
    String filter = rule.filter;
    if (rule.pattern) {
      if (filter.contains("%u") && (user.isEmpty() || holdsMark(user))) {
        return false;
      }
      if (filter.contains("%c") && holdsMark(clientId)) {
        return false;
      }
      filter = filter.replace("%u", user).replace("%c", clientId);
    }
    return Filter.fault(filter).isEmpty() && Filter.of(filter).matches(topic);
  }

  private static boolean holdsMark(String value) {
    return value.indexOf('/') >= 0 || value.indexOf('+') >= 0 || value.indexOf('#') >= 0;
  }
}
