package io.signalbox.server.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.RegistryConfig;
import io.signalbox.server.registry.PolicyHistory.Place;
import io.signalbox.server.registry.PolicyRevision.Became;
import io.signalbox.server.registry.PolicyRevision.What;
import io.signalbox.server.store.DeleteRecord;
import io.signalbox.server.store.PutRecord;
import io.signalbox.server.store.RecordTable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes of policies, stored with their revisions. */
final class PolicyHistoryTest {
  @TempDir Path directory;

  private static StoredPolicy policy(String name, String document) {
    return new StoredPolicy(name, StoredPolicy.Format.YAML, document, Stamp.NEW);
  }

  private static Edit<StoredPolicy> put(String name, String document) {
    return Edit.put(Kind.POLICY, name, Condition.NONE, _ -> policy(name, document));
  }

  private static Edit<PolicyAttachment> attach(String policy, String device) throws Exception {
    PolicyAttachment made = PolicyAttachment.of(policy, "device", device);
    return Edit.put(Kind.ATTACHMENT, made.name(), Condition.NONE, _ -> made);
  }

  private static PolicyRevision by(String author) {
    return new PolicyRevision(0, 7, author, "a test", "hash", "", List.of());
  }

  private static List<Long> numbers(PolicyHistory history) {
    return history.all().stream().map(PolicyRevision::number).toList();
  }

  private static PolicyHistory open(RegistryFixture fixture, int keptMax) {
    return PolicyHistory.open(fixture.registry, keptMax);
  }

  @Test
  void aChangeAndItsRevisionAreStoredTogetherAndNumbersGoOn() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      PolicyHistory history = open(fixture, 3);
      assertNull(history.latest());
      history.note(by("start"));
      assertEquals(2, history.store(List.of(put("a", "one")), by("ann")).revision().number());
      PolicyHistory.Stored both =
          history.store(List.of(put("a", "two"), attach("api:a", "p7")), by("bob"));
      assertEquals(3, both.revision().number());
      assertEquals(2, both.written().size());
      assertEquals(
          3,
          history.store(List.of(put("a", "two")), by("eve")).revision().number(),
          "all is as asked, so that is no change");
      assertEquals(
          List.of(
              new PolicyRevision.Delta(What.POLICY, "a", Became.CHANGED, policy("a", "one")),
              new PolicyRevision.Delta(What.ATTACHMENT, "api:a/device/p7", Became.CREATED, null)),
          history.find(3).orElseThrow().deltas().stream()
              .map(
                  delta ->
                      new PolicyRevision.Delta(
                          delta.what(), delta.name(), delta.became(), unstamped(delta.before())))
              .toList());
      assertEquals("bob", history.find(3).orElseThrow().author());
    }
    try (var fixture = RegistryFixture.open(directory)) {
      PolicyHistory history = open(fixture, 3);
      assertEquals(List.of(1L, 2L, 3L), numbers(history));
      assertEquals("bob", Optional.ofNullable(history.latest()).orElseThrow().author());
      assertEquals(4, history.store(List.of(put("b", "x")), by("ann")).revision().number());
      assertEquals(List.of(2L, 3L, 4L), numbers(history), "the oldest one went");
      assertTrue(history.find(1).isEmpty());
      assertEquals(3, history.count());
    }
    try (var fixture = RegistryFixture.open(directory)) {
      PolicyHistory history = open(fixture, 1);
      assertEquals(5, history.store(List.of(put("b", "y")), by("ann")).revision().number());
      assertEquals(List.of(5L), numbers(history), "a bound that was lowered counts");
    }
  }

  private static @Nullable Entry<?> unstamped(@Nullable Entry<?> entry) {
    return entry == null ? null : entry.withStamp(Stamp.NEW);
  }

  @Test
  void whatWasThereIsWhatIsThereWithTheLaterChangesTakenBack() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      PolicyHistory history = open(fixture, 20);
      history.note(by("start"));
      history.store(List.of(put("a", "one")), by("ann")); // 2
      history.store(List.of(put("a", "two"), put("b", "x")), by("ann")); // 3
      history.store(List.of(put("a", "three"), attach("api:b", "p7")), by("ann")); // 4
      history.store(
          List.of(
              Edit.remove(Kind.ATTACHMENT, "api:b/device/p7", Condition.NONE),
              Edit.remove(Kind.POLICY, "b", Condition.NONE)),
          by("ann")); // 5: the policy is not in use any more when both go
      assertEquals(Map.of(), history.asOf(5));
      assertEquals("x", document(history, 4, "b"));
      assertEquals(
          Optional.of("api:b/device/p7"),
          Objects.requireNonNull(history.asOf(4).get(new Place(What.ATTACHMENT, "api:b/device/p7")))
              .map(Entry::name));
      assertEquals("two", document(history, 3, "a"));
      assertEquals(
          Optional.empty(), history.asOf(3).get(new Place(What.ATTACHMENT, "api:b/device/p7")));
      assertEquals("one", document(history, 2, "a"));
      assertEquals(Optional.empty(), history.asOf(2).get(new Place(What.POLICY, "b")));
      assertEquals(Optional.empty(), history.asOf(1).get(new Place(What.POLICY, "a")));
    }
  }

  private static String document(PolicyHistory history, long number, String name) {
    Optional<Entry<?>> then =
        Objects.requireNonNull(history.asOf(number).get(new Place(What.POLICY, name)));
    return then.orElseThrow() instanceof StoredPolicy policy ? policy.document() : "";
  }

  @Test
  void changesThatCannotAllBeMadeChangeNothing() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      PolicyHistory history = open(fixture, 20);
      history.note(by("start"));
      history.store(List.of(put("a", "one"), attach("api:a", "p7")), by("ann"));
      List<List<Edit<?>>> refused =
          List.of(
              List.of(put("b", "x"), attach("api:c", "p7")), // no such policy
              List.of(put("b", "x"), Edit.remove(Kind.POLICY, "a", Condition.NONE)), // attached
              List.of(put("b", "x"), Edit.remove(Kind.POLICY, "c", Condition.NONE)), // none
              List.of(
                  put("b", "x"),
                  Edit.put(
                      Kind.POLICY,
                      "a",
                      new Condition(1, false), // somebody else changed it
                      _ -> policy("a", "two"))));
      for (List<Edit<?>> edits : refused) {
        assertThrows(RegistryException.class, () -> history.store(edits, by("bob")));
      }
      // Changed behind the registry's back: the store itself finds out, at the second record.
      assertNotNull(
          fixture
              .store
              .writer()
              .await(
                  new PutRecord(
                      RecordTable.REGISTRY,
                      Kind.POLICY.key("a"),
                      PutRecord.ANY_REVISION,
                      Row.encode(
                          policy("a", "other"),
                          new byte[0],
                          Sealing.openOrCreate(directory, new java.security.SecureRandom())),
                      true)));
      RegistryException raced =
          assertThrows(
              RegistryException.class,
              () -> history.store(List.of(put("b", "x"), put("a", "two")), by("bob")));
      assertEquals(RegistryException.Reason.REVISION_CONFLICT, raced.reason());
      assertNull(fixture.registry.find(Kind.POLICY, "b"));
      assertEquals(List.of(1L, 2L), numbers(history));
    }
    try (var fixture = RegistryFixture.open(directory)) {
      assertEquals(1, fixture.registry.count(Kind.POLICY));
      assertEquals(1, fixture.registry.count(Kind.ATTACHMENT));
      assertEquals(List.of(1L, 2L), numbers(open(fixture, 20)));
    }
  }

  @Test
  void aBoundOfTheRegistryCountsWhatComesAndGoesTogether() throws Exception {
    RegistryConfig d = RegistryConfig.DEFAULTS;
    var config =
        new RegistryConfig(
            d.required(),
            d.defaultCa(),
            d.certificateValidity(),
            null,
            d.experimentalKeyTypes(),
            d.pkcs11(),
            d.devicesMax(),
            d.certificatesMax(),
            d.groupsMax(),
            2,
            d.attributesMax(),
            d.groupsPerEntryMax());
    try (var fixture = RegistryFixture.open(directory, config)) {
      PolicyHistory history = open(fixture, 20);
      history.note(by("start"));
      history.store(List.of(put("a", "x"), put("b", "x")), by("ann"));
      RegistryException full =
          assertThrows(
              RegistryException.class,
              () ->
                  history.store(
                      List.of(
                          put("c", "x"),
                          put("d", "x"),
                          Edit.remove(Kind.POLICY, "a", Condition.NONE)),
                      by("ann")));
      assertEquals(RegistryException.Reason.LIMIT_REACHED, full.reason());
      history.store(
          List.of(put("c", "x"), Edit.remove(Kind.POLICY, "a", Condition.NONE)), by("ann"));
      assertEquals(2, fixture.registry.count(Kind.POLICY));
    }
  }

  @Test
  void aDamagedRevisionIsNamed() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      PolicyHistory history = open(fixture, 20);
      history.note(by("start"));
      assertEquals(
          true,
          fixture
              .store
              .writer()
              .await(
                  new DeleteRecord(
                      RecordTable.POLICY, PolicyRevision.key(1), PutRecord.ANY_REVISION)));
      assertNotNull(
          fixture
              .store
              .writer()
              .await(
                  new PutRecord(
                      RecordTable.POLICY,
                      PolicyRevision.key(1),
                      0,
                      new byte[] {1, '{', '}'},
                      true)));
      IllegalStateException damaged =
          assertThrows(IllegalStateException.class, () -> open(fixture, 20));
      assertEquals("revision 1 of the policies is damaged", damaged.getMessage());
    }
  }
}
