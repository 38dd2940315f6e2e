package io.signalbox.server.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.subject.Subject;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.RegistryFixture;
import io.signalbox.server.registry.StoredPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A rollback gives what was somebody's to nobody else. */
final class RollbackTargetsTest {
  private static final String PASSWORD = "{'password':'correct horse'}";

  @TempDir Path directory;

  private ApiPolicies policies(RegistryFixture fixture) throws Exception {
    return ApiPoliciesFixture.withPolicyP(directory, fixture, "");
  }

  /** Attaches and detaches; the revision in which it was attached. */
  private static long attachedOnce(ApiPolicies policies, String kind, String target)
      throws Exception {
    PolicyAttachment attachment = PolicyAttachment.of("file:p", kind, target);
    long then = policies.attach(attachment, Condition.NONE, "a test").revision().number();
    policies.detach(attachment.name(), Condition.NONE, "a test");
    return then;
  }

  /** Names of what a rollback leaves out; a trial says the same. */
  private static List<String> rollback(ApiPolicies policies, long number) throws Exception {
    List<String> expected = names(policies.tryRollback(number, Condition.ANY).leftOut());
    List<String> leftOut = names(policies.rollback(number, Condition.ANY, "a test").leftOut());
    assertEquals(expected, leftOut);
    return leftOut;
  }

  private static List<String> names(List<PolicyAttachment> attachments) {
    return attachments.stream().map(PolicyAttachment::name).toList();
  }

  private static boolean mayPublish(ApiPolicies policies, Subject.Builder who) {
    return policies.inForce().bind(who.build()).decidePublish("a", 0, false, 0).allowed();
  }

  private static Subject.Builder user(String name) {
    return Subject.builder("c").userName(name);
  }

  private static void put(RegistryFixture fixture, Kind<?> kind, String name) throws Exception {
    if (kind == Kind.USER) {
      fixture.put(Kind.USER, name, PASSWORD);
    } else if (kind == Kind.DEVICE) {
      fixture.put(Kind.DEVICE, name, "{}");
    } else {
      fixture.put(Kind.GROUP, name, "{}");
    }
  }

  private static <E extends Entry<E>> void remove(ApiPolicies policies, Kind<E> kind, String name)
      throws Exception {
    policies.remove(kind, name, Condition.NONE);
  }

  @ParameterizedTest
  @CsvSource({"device", "user", "group"})
  void whoIsRemovedLeavesNothingToALaterOneOfTheName(String word) throws Exception {
    Kind<?> kind =
        switch (word) {
          case "device" -> Kind.DEVICE;
          case "user" -> Kind.USER;
          default -> Kind.GROUP;
        };
    String name = "file:p/" + word + "/bob";
    long then;
    try (var fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = policies(fixture);
      put(fixture, kind, "bob");
      then = attachedOnce(policies, word, "bob");
      remove(policies, kind, "bob");
      assertEquals(List.of(name), rollback(policies, then), "while nobody has the name");
      assertNull(fixture.registry.find(Kind.ATTACHMENT, name));
    }
    try (var fixture = RegistryFixture.open(directory)) { // known after a start as well
      ApiPolicies policies = policies(fixture);
      put(fixture, kind, "bob");
      assertEquals(List.of(name), rollback(policies, then), "while another has it");
      assertNull(fixture.registry.find(Kind.ATTACHMENT, name));
      Subject.Builder bob = user("bob").device("bob").groups(List.of("bob"));
      assertEquals(false, mayPublish(policies, bob));
      assertEquals(
          List.of(),
          rollback(policies, then - 1),
          "where nothing was attached, nothing is left out");
    }
  }

  @Test
  void aLaterOneGetsBackWhatItHadItself() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = policies(fixture);
      fixture.put(Kind.USER, "bob", PASSWORD);
      long first = attachedOnce(policies, "user", "bob");
      policies.remove(Kind.USER, "bob", Condition.NONE);
      fixture.put(Kind.USER, "bob", PASSWORD);
      long second = attachedOnce(policies, "user", "bob");
      assertEquals(List.of("file:p/user/bob"), rollback(policies, first));
      assertEquals(false, mayPublish(policies, user("bob")));
      assertEquals(List.of(), rollback(policies, second));
      assertEquals(true, mayPublish(policies, user("bob")));
    }
  }

  /** Of a users file, a token or the configuration: not known to the registry, and not gone. */
  @ParameterizedTest
  @CsvSource({"user", "group", "jwt-issuer"})
  void whoNeverWasRegisteredGetsBackWhatItHad(String word) throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = policies(fixture);
      fixture.put(Kind.USER, "another", PASSWORD);
      long then = attachedOnce(policies, word, "bob");
      policies.remove(Kind.USER, "another", Condition.NONE);
      assertEquals(List.of(), rollback(policies, then));
      assertNotNull(fixture.registry.find(Kind.ATTACHMENT, "file:p/" + word + "/bob"));
    }
  }

  @Test
  void aGroupWithAnAttachmentIsNotRemoved() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = policies(fixture);
      fixture.put(Kind.GROUP, "crew", "{}");
      PolicyAttachment attachment = PolicyAttachment.of("file:p", "group", "crew");
      policies.attach(attachment, Condition.NONE, "a test");
      RegistryException refused =
          assertThrows(
              RegistryException.class, () -> policies.remove(Kind.GROUP, "crew", Condition.NONE));
      assertEquals(RegistryException.Reason.CONFLICT, refused.reason());
      assertNotNull(fixture.registry.find(Kind.GROUP, "crew"));
      assertNotNull(fixture.registry.find(Kind.ATTACHMENT, attachment.name()));
    }
  }

  /** What is said of the revisions themselves stays. */
  @Test
  void theRevisionsStillTellWhatWasThere() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = policies(fixture);
      fixture.put(Kind.USER, "bob", PASSWORD);
      long then = attachedOnce(policies, "user", "bob");
      policies.remove(Kind.USER, "bob", Condition.NONE);
      var detached = policies.revision(then + 1).revision();
      assertEquals(detached, policies.revision());
      assertEquals("file:p/user/bob", detached.deltas().getFirst().name());
      assertNotNull(detached.deltas().getFirst().before());
      assertEquals(1, policies.revision(then).after().stream().flatMap(Optional::stream).count());
    }
  }

  private static void attach(ApiPolicies policies, String ref, String kind) throws Exception {
    policies.attach(PolicyAttachment.of(ref, kind, "bob"), Condition.NONE, "a test");
  }

  @Test
  void nothingIsTakenFromADeviceThatCameSince() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = policies(fixture);
      Device bob = fixture.put(Kind.DEVICE, "bob", "{}").entry();
      long then = policies.revision().number();
      attach(policies, "file:p", "device");
      policies.remove(Kind.DEVICE, "bob", Condition.NONE);
      policies.provision(bob, List.of("file:p")); // as a template does
      assertEquals(List.of(), rollback(policies, then));
      assertEquals(true, mayPublish(policies, Subject.builder("c").device("bob")));
    }
  }

  @Test
  void whatARevisionGaveToALaterOneIsTakenBack() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = policies(fixture);
      fixture.put(Kind.USER, "bob", PASSWORD);
      long then = policies.revision().number();
      attach(policies, "file:p", "user");
      policies.remove(Kind.USER, "bob", Condition.NONE);
      fixture.put(Kind.USER, "bob", PASSWORD);
      attach(policies, "file:p", "user");
      assertEquals(true, mayPublish(policies, user("bob")));
      assertEquals(List.of(), rollback(policies, then));
      assertEquals(false, mayPublish(policies, user("bob")));
    }
  }

  @Test
  void aTrialRefusesWhatTheRollbackRefuses() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      ApiPolicies policies = policies(fixture);
      long then = policies.revision().number();
      policies.put(
          "q",
          Condition.NONE,
          StoredPolicy.Format.YAML,
          """
          version: 1
          name: q
          statements: [{ id: a, effect: allow, actions: [publish], topics: [a] }]
          """,
          "a test");
      Device bob = fixture.put(Kind.DEVICE, "bob", "{}").entry();
      policies.remove(Kind.DEVICE, "bob", Condition.NONE);
      policies.provision(bob, List.of("api:q"));
      RegistryException trial =
          assertThrows(RegistryException.class, () -> policies.tryRollback(then, Condition.ANY));
      RegistryException refused =
          assertThrows(
              RegistryException.class, () -> policies.rollback(then, Condition.ANY, "a test"));
      assertEquals(RegistryException.Reason.CONFLICT, trial.reason());
      assertEquals(refused.getMessage(), trial.getMessage());
      assertTrue(trial.getMessage().contains("detach"), trial::getMessage);
      policies.detach("api:q/device/bob", Condition.NONE, "a test");
      rollback(policies, then);
      assertNull(fixture.registry.find(Kind.POLICY, "q"));
    }
  }
}
