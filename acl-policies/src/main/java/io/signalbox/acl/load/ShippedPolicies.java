package io.signalbox.acl.load;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The policies that are in force until an operator writes their own: devices keep to their own
 * subtree, browsers see and command all devices.
 */
public final class ShippedPolicies {
  /** Namespace of these policies. */
  public static final String NAMESPACE = "shipped";

  /** Their names; the texts lie beside this class as {@code NAME.policy.yaml}. */
  public static final List<String> NAMES = List.of("browsers", "devices");

  private ShippedPolicies() {}

  /** Parsed; a broken one would be our own fault and is thrown. */
  public static List<Policy> policies() {
    List<Policy> policies = new ArrayList<>();
    for (String name : NAMES) {
      String file = name + ".policy.yaml";
      Problems problems = new Problems();
      policies.add(
          PolicyParser.parse(NAMESPACE, file, text(file), SourceLimits.DEFAULTS, problems)
              .orElseThrow(() -> new IllegalStateException(problems.toString())));
    }
    return policies;
  }

  /** The bundle of a fresh broker. */
  public static PolicyBundle bundle() {
    Problems problems = new Problems();
    return PolicyBundle.compile(policies(), List.of(), problems)
        .orElseThrow(() -> new IllegalStateException(problems.toString()));
  }

  /**
   * The text of a shipped file, to be copied as a start for one's own.
   *
   * @param file {@code devices.policy.yaml}, {@code devices.test.yaml}, ...
   */
  public static String text(String file) {
    try (InputStream in = ShippedPolicies.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalArgumentException("no shipped file \"" + file + "\"");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("a resource of this jar cannot be read", e);
    }
  }
}
