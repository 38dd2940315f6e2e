package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.AuthSetupException;
import io.signalbox.server.auth.PolicyStore;
import io.signalbox.server.auth.StoppedPolicies;
import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.cli.PolicyDocument;
import io.signalbox.server.cli.StoreTools.Outcome;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.RegistryFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that does not start for a policy of its API, and the way out. */
final class PolicyMendingTest {
  private static final String GOOD =
      "version: 1\\nname: pumps\\nstatements: [{ id: a, effect: allow, actions: [publish], topics:"
          + " [a] }]\\n";

  /** As an older version took it: this one knows no such effect. */
  private static final String OLD = GOOD.replace("effect: allow", "effect: perhaps");

  @TempDir Path data;

  private final DataDirectory tools = new DataDirectory();

  @BeforeEach
  void fill() throws Exception {
    try (var fixture = RegistryFixture.open(data)) {
      open(fixture);
      put(fixture, "pumps", GOOD);
      put(fixture, "doors", GOOD.replace("pumps", "doors"));
      fixture.put(
          Kind.ATTACHMENT,
          "api:pumps/group/staff",
          "{'policy': 'api:pumps', 'kind': 'group', 'target': 'staff'}");
    }
  }

  private static void put(RegistryFixture fixture, String name, String document) throws Exception {
    fixture.put(Kind.POLICY, name, "{'format': 'yaml', 'document': '" + document + "'}");
  }

  private static PolicyStore open(RegistryFixture fixture) throws AuthSetupException {
    return PolicyStore.open(
        PolicyConfig.DEFAULTS, fixture.registry, new Metrics(1, "test"), Clocks.system());
  }

  private void spoil() throws Exception {
    try (var fixture = RegistryFixture.open(data)) {
      put(fixture, "pumps", OLD);
    }
  }

  private static PolicyDocument document(String text) {
    return new PolicyDocument(text.replace("\\n", "\n"), false);
  }

  @Test
  void aStartThatFailsForAPolicyOfTheApiSaysHowToMendIt() throws Exception {
    spoil();
    try (var fixture = RegistryFixture.open(data)) {
      AuthSetupException refused = assertThrows(AuthSetupException.class, () -> open(fixture));
      String text = String.join("\n", refused.problems());
      assertTrue(text.contains("api:pumps.yaml:3:"), text);
      assertTrue(text.contains("signalbox store policy NAME --replace FILE"), text);
    }
  }

  @Test
  void itIsListedShownAndReplaced() throws Exception {
    assertTrue(tools.policies(data).sound());
    spoil();
    Outcome list = tools.policies(data);
    assertFalse(list.sound());
    assertTrue(list.text().contains("doors: yaml, 0 attachments, nothing wrong"), list::text);
    assertTrue(list.text().contains("pumps: yaml, 1 attachment, cannot be used:"), list::text);
    assertTrue(list.text().contains("api:pumps.yaml:3:"), list::text);
    assertEquals(OLD.replace("\\n", "\n"), tools.policy(data, "pumps").text());
    tools.replacePolicy(data, "pumps", document(GOOD));
    assertTrue(tools.policies(data).sound());
    try (var fixture = RegistryFixture.open(data)) {
      PolicyStore policies = open(fixture);
      assertTrue(policies.bundle().has("api:pumps"));
      assertEquals(1, policies.bundle().attachments().size());
      assertEquals("start", policies.revision().cause());
      assertFalse(policies.revision().bundle().isEmpty());
    }
  }

  /** The document that was there can be had back: its revision holds it. */
  @Test
  void whatIsRemovedTakesItsAttachmentsAlongAndIsARevision() throws Exception {
    spoil();
    Outcome removed = tools.removePolicy(data, "pumps");
    assertTrue(removed.text().contains("api:pumps/group/staff"), removed::text);
    try (var fixture = RegistryFixture.open(data)) {
      PolicyStore policies = open(fixture);
      assertFalse(policies.bundle().has("api:pumps"));
      assertTrue(policies.bundle().has("api:doors"));
      assertEquals(0, fixture.registry.count(Kind.ATTACHMENT));
      assertEquals(3, policies.revision().number()); // the first start, the removal, this start
    }
  }

  @Test
  void aRemovalSaysWhatItLeavesUnusable() throws Exception {
    try (var fixture = RegistryFixture.open(data)) {
      put(
          fixture,
          "next",
          GOOD.replace("name: pumps", "name: next\\nmode: observe\\nreplaces: pumps"));
      open(fixture);
    }
    Outcome removed = tools.removePolicy(data, "pumps");
    assertFalse(removed.sound());
    assertTrue(removed.text().contains("what is left cannot be used:"), removed::text);
    assertTrue(removed.text().contains("api:next.yaml:"), removed::text);
  }

  @Test
  void whatCannotBeUsedEitherChangesNothing() throws Exception {
    spoil();
    CommandFailure bad =
        assertThrows(CommandFailure.class, () -> tools.replacePolicy(data, "pumps", document(OLD)));
    assertTrue(String.valueOf(bad.getMessage()).contains("api:pumps.yaml:3:"), bad::toString);
    CommandFailure other =
        assertThrows(
            CommandFailure.class,
            () -> tools.replacePolicy(data, "pumps", document(GOOD.replace("pumps", "doors"))));
    assertTrue(String.valueOf(other.getMessage()).contains("is named \"doors\""), other::toString);
    CommandFailure none =
        assertThrows(CommandFailure.class, () -> tools.replacePolicy(data, "none", document(GOOD)));
    assertTrue(String.valueOf(none.getMessage()).contains("none"), none::toString);
    assertThrows(CommandFailure.class, () -> tools.policy(data, "none"));
    assertThrows(CommandFailure.class, () -> tools.removePolicy(data, "none"));
    assertEquals(OLD.replace("\\n", "\n"), tools.policy(data, "pumps").text());
  }

  @Test
  void aStoreInUseAndNoStoreAreRefused() throws Exception {
    try (var _ = RegistryFixture.open(data)) {
      CommandFailure inUse =
          assertThrows(CommandFailure.class, () -> tools.removePolicy(data, "pumps"));
      assertTrue(String.valueOf(inUse.getMessage()).contains("is in use by"), inUse::toString);
    }
    assertThrows(CommandFailure.class, () -> tools.policies(data.resolve("nothing")));
    assertFalse(Files.exists(data.resolve("nothing")));
  }

  /** Its name stands in the list of revisions. */
  @Test
  void theRevisionNamesTheCommand() throws Exception {
    spoil();
    tools.replacePolicy(data, "pumps", document(GOOD));
    try (var fixture = RegistryFixture.open(data)) {
      PolicyStore policies = open(fixture);
      assertEquals(3, policies.revision().number());
      assertTrue(
          new ApiPolicies(policies, fixture.registry)
              .revisions().stream()
                  .anyMatch(
                      revision ->
                          revision.author().equals(StoppedPolicies.AUTHOR)
                              && revision.cause().equals("put api:pumps")
                              && revision.deltas().size() == 1));
    }
  }
}
