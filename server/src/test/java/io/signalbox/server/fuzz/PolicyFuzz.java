package io.signalbox.server.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import java.util.List;
import java.util.Optional;

/**
 * Any text is a policy or a list of problems; a policy can be compiled or has problems, and its
 * JSON is the same policy.
 */
public final class PolicyFuzz {
  private static final SourceLimits LIMITS = new SourceLimits(1 << 16, 16, 10_000);

  private PolicyFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, UTF_8);
    Optional<Policy> policy = parse("fuzz.policy.yaml", text);
    parse("fuzz.policy.json", text);
    if (policy.isEmpty()) {
      return;
    }
    String json = PolicyJson.of(policy.get());
    Optional<Policy> again = parse("fuzz.policy.json", json);
    assertTrue(again.isPresent(), json);
    assertEquals(json, PolicyJson.of(again.get()));
    var problems = new Problems();
    boolean compiled = PolicyBundle.compile(List.of(policy.get()), List.of(), problems).isPresent();
    assertEquals(compiled, problems.isEmpty());
  }

  private static Optional<Policy> parse(String file, String text) {
    var problems = new Problems();
    Optional<Policy> policy = PolicyParser.parse("fuzz", file, text, LIMITS, problems);
    assertEquals(policy.isPresent(), problems.isEmpty(), problems::toString);
    return policy;
  }
}
