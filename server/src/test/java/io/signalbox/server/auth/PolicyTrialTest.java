package io.signalbox.server.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.RegistryFixture;
import io.signalbox.server.registry.Stamp;
import io.signalbox.server.registry.StoredPolicy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whoever looks, or waits for a long proof, holds up nobody else, nor takes for ever. */
final class PolicyTrialTest {
  private static final String INVARIANT =
      """
      version: 1
      invariants:
        - { noone: publish, topic: "b/#" }
      """;

  /** Whoever it is attached to may connect. */
  private static final String DOOR =
      """
      version: 1
      name: door
      statements: [{ id: c, effect: allow, actions: [connect], clientIds: ["*"] }]
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

  @Test
  @Timeout(300)
  void othersLookRemoveAttachAndRegisterWhileAPolicyIsProvedAndItIsProvedWithWhatTheyDid()
      throws Exception {
    try (RegistryFixture fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = ApiPoliciesFixture.withPolicyPAlone(directory, fixture, INVARIANT);
      fixture.put(Kind.GROUP, "g", "{}");
      fixture.put(Kind.DEVICE, "gone", "{}");
      policies.put("door", Condition.NONE, StoredPolicy.Format.YAML, DOOR, "a test");
      attach(policies, "file:p", "device", "gone");
      String document = documentOfC(400);
      var putting =
          new FutureTask<>(
              () ->
                  policies.put(
                      "huge", Condition.NONE, StoredPolicy.Format.YAML, document, "a test"));
      Thread admin = new Thread(putting, "admin");
      admin.start();
      while (admin.isAlive() && !isProving(admin)) {
        Thread.onSpinWait();
      }
      assertEquals(1, policies.remove(Kind.DEVICE, "gone", Condition.NONE).attachments().size());
      policies.revision(policies.revision().number());
      var device = new Device("new", "", Map.of(), List.of(), true, false, "*", Stamp.NEW);
      assertTrue(policies.provision(device, List.of("file:p")).isCreated());
      attach(policies, "api:door", "group", "g");
      assertTrue(admin.isAlive(), "all that is done after the proof");

      String refused = assertThrows(ExecutionException.class, putting::get).toString();
      assertTrue(refused.contains("test failed"), refused);
      assertFalse(policies.inForce().has("api:huge"));
      assertTrue(policies.inForce().has("api:door"));
    }
  }

  private static void attach(ApiPolicies policies, String ref, String kind, String to)
      throws Exception {
    policies.attach(PolicyAttachment.of(ref, kind, to), Condition.NONE, "a test");
  }

  private static boolean isProving(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(frame -> frame.getClassName().endsWith(".TestRunner"));
  }

  /** Nobody may connect, but by each name another statement says so. */
  private static String document(int count) {
    return document(count, "*");
  }

  /** The same of those whose names begin with a c; no others may connect by this one. */
  private static String documentOfC(int count) {
    return document(count, "c*");
  }

  private static String document(int count, String denied) {
    return """
    version: 1
    name: huge
    match: { everyone: true }
    statements:
      - { id: c, effect: allow, actions: [connect], clientIds: [%s] }
      - { id: none, effect: deny, actions: [connect], clientIds: ["%s"] }
      - { id: s, effect: allow, actions: [publish], topics: [%s] }
    """
        .formatted(numbered("c", count), denied, numbered("b/", count));
  }

  private static String numbered(String start, int count) {
    return IntStream.range(0, count).mapToObj(i -> start + i).collect(Collectors.joining(","));
  }
}
