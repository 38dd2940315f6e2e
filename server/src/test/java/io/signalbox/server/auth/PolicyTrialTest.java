package io.signalbox.server.auth;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.RegistryFixture;
import io.signalbox.server.registry.StoredPolicy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whoever may only look holds up nobody who changes something, nor takes for ever. */
final class PolicyTrialTest {
  private static final String INVARIANT =
      """
      version: 1
      invariants:
        - { noone: publish, topic: "b/#" }
      """;

  @TempDir Path directory;

  @Test
  @Timeout(300)
  void anAttachmentGoesThroughWhileAHugeDocumentIsValidatedAndThatIsGivenUp() throws Exception {
    try (RegistryFixture fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = ApiPoliciesFixture.withPolicyP(directory, fixture, INVARIANT);
      fixture.put(Kind.GROUP, "g", "{}");
      String document = document(60_000);
      var validation =
          new FutureTask<>(
              () -> policies.validate("", StoredPolicy.Format.YAML, document).givenUp());
      Thread viewer = new Thread(validation, "viewer");
      viewer.start();
      while (viewer.isAlive() && !isProving(viewer)) {
        Thread.onSpinWait();
      }
      policies.attach(PolicyAttachment.of("file:p", "group", "g"), Condition.NONE, "a test");
      assertTrue(viewer.isAlive(), "it is attached after the proof");
      String why = validation.get().toString();
      assertTrue(why.contains("not proved: gave up after a long search"), why);
    }
  }

  private static boolean isProving(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(frame -> frame.getClassName().endsWith(".TestRunner"));
  }

  /** Nobody may connect, but by each name another statement says so. */
  private static String document(int count) {
    return """
    version: 1
    name: huge
    match: { everyone: true }
    statements:
      - { id: c, effect: allow, actions: [connect], clientIds: [%s] }
      - { id: none, effect: deny, actions: [connect], clientIds: ["*"] }
      - { id: s, effect: allow, actions: [publish], topics: [%s] }
    """
        .formatted(numbered("c", count), numbered("b/", count));
  }

  private static String numbered(String start, int count) {
    return IntStream.range(0, count).mapToObj(i -> start + i).collect(Collectors.joining(","));
  }
}
