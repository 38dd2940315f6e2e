package io.signalbox.it.conformance;

import java.util.List;

/**
 * A row of {@code docs/conformance.csv}: one numbered statement of the standard.
 *
 * @param version {@code 5.0} or {@code 3.1.1}; the same id means different things in both
 * @param appliesTo {@code server}, {@code client} or {@code both}
 * @param asks in our own words
 * @param comparedWith what those words were compared with, {@code final text} or {@code nothing}
 * @param verdict {@code tested}, {@code clients only}, or {@code not visible: } and why
 * @param tests {@code Class.method}, in alphabetical order
 */
record Statement(
    String id,
    String version,
    String section,
    String appliesTo,
    String asks,
    String comparedWith,
    String verdict,
    List<String> tests) {

  static final String TESTED = "tested";
  static final String CLIENTS_ONLY = "clients only";
  static final String NOT_VISIBLE = "not visible: ";

  Statement {
    tests = List.copyOf(tests);
    if (!id.matches("MQTT-\\d\\.\\d+(\\.\\d+)?-\\d+")) {
      throw new IllegalArgumentException("no statement id: \"" + id + "\"");
    }
    if (!List.of("5.0", "3.1.1").contains(version)) {
      throw new IllegalArgumentException(id + ": no version \"" + version + "\"");
    }
    if (!List.of("server", "client", "both").contains(appliesTo)) {
      throw new IllegalArgumentException(id + ": applies to \"" + appliesTo + "\"");
    }
    if (!List.of("final text", "nothing").contains(comparedWith)) {
      throw new IllegalArgumentException(id + ": compared with \"" + comparedWith + "\"");
    }
    boolean known =
        verdict.equals(TESTED)
            || verdict.equals(CLIENTS_ONLY)
            || (verdict.startsWith(NOT_VISIBLE) && verdict.length() > NOT_VISIBLE.length() + 20);
    if (!known || asks.isBlank()) {
      throw new IllegalArgumentException(
          id + ": verdict \"" + verdict + "\", asks \"" + asks + '"');
    }
    if (verdict.equals(CLIENTS_ONLY) && !appliesTo.equals("client")) {
      throw new IllegalArgumentException(id + " binds a server too");
    }
  }

  /** Id and version: what annotations name. */
  String key() {
    return key(version, id);
  }

  static String key(String version, String id) {
    return version + " " + id;
  }

  /** The first number of the section. */
  int chapter() {
    return Integer.parseInt(section.split("\\.")[0]);
  }

  boolean concernsServers() {
    return !verdict.equals(CLIENTS_ONLY);
  }

  /** The same with what the annotations say now. */
  Statement testedBy(List<String> names) {
    boolean decided = names.isEmpty() || verdict.equals(CLIENTS_ONLY);
    return new Statement(
        id, version, section, appliesTo, asks, comparedWith, decided ? verdict : TESTED, names);
  }

  /** Whether tests are named where they must be, and only there. */
  boolean isConsistent() {
    return switch (verdict) {
      case TESTED -> !tests.isEmpty();
      case CLIENTS_ONLY -> true; // our own client may have tests for it
      default -> tests.isEmpty();
    };
  }
}
