package io.signalbox.server.config;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The variables of the environment that stand in for keys: {@code
 * SIGNALBOX_LIMITS_PACKET_BYTES_MAX} for {@code limits.packet-bytes-max}.
 */
final class Environment {
  private static final String PREFIX = "SIGNALBOX_";

  /** Kubernetes sets such variables for every service whose name starts with ours. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(".*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\\d+_.*)");

  /** And {@code NAME_PORT}, which is an address, not a number as in a key of ours. */
  private static final Pattern SERVICE_ADDRESS = Pattern.compile("[a-z]+://.*");

  /** Of the start script, which passes its environment on. */
  private static final Set<String> SCRIPT =
      Set.of("SIGNALBOX_BUILD", "SIGNALBOX_JAVA", "SIGNALBOX_JAVA_OPTIONS");

  private final Map<String, String> variables;
  private final Set<String> known = new TreeSet<>();

  Environment(Map<String, String> variables) {
    this.variables = new TreeMap<>(variables);
  }

  static String variable(String path) {
    return PREFIX + path.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /** The value that stands in for this key, null if there is none. */
  @Nullable String take(String path) {
    known.add(variable(path));
    return variables.get(variable(path));
  }

  private boolean isServiceLink(String name) {
    return SERVICE_LINK.matcher(name).matches()
        || (name.endsWith("_PORT")
            && SERVICE_ADDRESS.matcher(variables.getOrDefault(name, "")).matches());
  }

  /**
   * After all keys were asked for: notes every variable that looks like a key and is none.
   *
   * @param sections first words of all keys
   */
  void noteUnknown(Problems problems, Set<String> sections) {
    for (String name : variables.keySet()) {
      if (!name.startsWith(PREFIX)
          || known.contains(name)
          || SCRIPT.contains(name)
          || isServiceLink(name)) {
        continue;
      }
      Optional<String> near = Nearest.to(name, known);
      boolean inSection =
          sections.stream().anyMatch(section -> (name + "_").startsWith(variable(section) + "_"));
      if (inSection || near.filter(other -> Nearest.distance(name, other) <= 2).isPresent()) {
        problems.addInEnvironment(
            name,
            "stands for no key that can be set from the environment"
                + near.map(other -> "; did you mean " + other + "?")
                    .orElse("; lists are set in the file only"));
      }
    }
  }
}
