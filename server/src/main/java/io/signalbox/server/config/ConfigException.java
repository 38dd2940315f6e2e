package io.signalbox.server.config;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The configuration cannot be used. Carries every problem found, in the order of the file; the
 * message has one line for each.
 */
public final class ConfigException extends Exception {
  private final List<String> problems;

  /**
   * @param problems each as {@code file:line:column path: what; what to do}; not empty
   */
  public ConfigException(List<String> problems) {
    super(problems.stream().collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  public List<String> problems() {
    return problems;
  }
}
