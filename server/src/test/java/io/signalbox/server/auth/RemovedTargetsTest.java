package io.signalbox.server.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.RegistryFixture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes takes along what was attached to it, and nothing else. */
final class RemovedTargetsTest {
  @TempDir Path directory;

  private ApiPolicies policies(RegistryFixture fixture, String test) throws Exception {
    return ApiPoliciesFixture.withPolicyP(directory, fixture, test);
  }

  private static void attach(ApiPolicies policies, String kind, String target) throws Exception {
    policies.attach(PolicyAttachment.of("file:p", kind, target), Condition.NONE, "a test");
  }

  @Test
  void ofACertificate() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      DeviceCertificate issued =
          fixture.ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}").entry();
      ApiPolicies policies = policies(fixture, "");
      attach(policies, "certificate", issued.name());
      attach(policies, "device", "d");

      var removed = policies.remove(Kind.CERTIFICATE, issued.name(), Condition.NONE);

      assertEquals(issued, removed.written().before());
      assertEquals(1, removed.attachments().size());
      assertNull(fixture.registry.certificate(issued.name()));
      assertNull(fixture.registry.find(Kind.ATTACHMENT, "file:p/certificate/" + issued.name()));
      assertEquals(List.of("file:p/device/d"), fixture.registry.attachmentsTo(Kind.DEVICE, "d"));
    }
  }

  @Test
  void nothingIsRemovedThatLeavesAnAttachmentBehind() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.put(Kind.DEVICE, "d", "{}");
      attach(policies(fixture, ""), "device", "d");
      RegistryException refused =
          assertThrows(
              RegistryException.class,
              () -> fixture.registry.delete(Kind.DEVICE, "d", Condition.NONE));
      assertEquals(RegistryException.Reason.CONFLICT, refused.reason());
      assertNotNull(fixture.registry.device("d"));
    }
    try (var fixture = RegistryFixture.open(directory)) { // known after a start as well
      policies(fixture, "").remove(Kind.DEVICE, "d", Condition.NONE);
      assertNull(fixture.registry.device("d"));
      assertEquals(0, fixture.registry.count(Kind.ATTACHMENT));
    }
  }

  @Test
  void aRevisionThatIsNotTheLatestRemovesNothing() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      long revision = fixture.put(Kind.DEVICE, "d", "{}").entry().stamp().revision();
      ApiPolicies policies = policies(fixture, "");
      attach(policies, "device", "d");
      assertThrows(
          RegistryException.class,
          () -> policies.remove(Kind.DEVICE, "d", new Condition(revision + 1, false)));
      assertEquals(1, fixture.registry.count(Kind.ATTACHMENT));
      policies.remove(Kind.DEVICE, "d", new Condition(revision, false));
      assertEquals(0, fixture.registry.count(Kind.ATTACHMENT));
    }
  }

  @Test
  void aTestThatNeedsTheAttachmentKeepsAllOfADevice() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      DeviceCertificate issued =
          fixture.ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}").entry();
      attach(policies(fixture, ""), "device", "d");
      ApiPolicies strict =
          policies(
              fixture,
              """
              version: 1
              principals: { d: { device: { id: d } } }
              cases: [{ as: d, publish: a, expect: allow }]
              """);
      RegistryException refused =
          assertThrows(
              RegistryException.class,
              () ->
                  fixture.inventory.deleteDevice(
                      "d",
                      Condition.NONE,
                      revocations -> strict.remove(Kind.DEVICE, "d", Condition.NONE, revocations)));
      assertEquals(RegistryException.Reason.CONFLICT, refused.reason());
      assertTrue(String.valueOf(refused.getMessage()).contains("test failed"), refused::getMessage);
      assertEquals(1, fixture.registry.count(Kind.ATTACHMENT));
      assertNotNull(fixture.registry.device("d"));
      assertFalse(fixture.registry.isRefused(issued.name()));
    }
  }

  @Test
  void aDeviceIsRemovedThoughItsCertificateIsRemovedMeanwhile() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      String gone =
          fixture
              .ensure("d", "old", "{'csrPem':'" + RegistryFixture.csr("d") + "'}")
              .entry()
              .name();
      String stays =
          fixture
              .ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}")
              .entry()
              .name();
      ApiPolicies policies = policies(fixture, "");
      List<Integer> revoked = new ArrayList<>();
      fixture.inventory.deleteDevice(
          "d",
          Condition.NONE,
          revocations -> {
            revoked.add(revocations.size());
            if (fixture.registry.find(Kind.CERTIFICATE, gone) != null) {
              policies.remove(Kind.CERTIFICATE, gone, Condition.NONE);
            }
            return policies.remove(Kind.DEVICE, "d", Condition.NONE, revocations);
          });
      assertEquals(List.of(2, 1), revoked);
      assertNull(fixture.registry.device("d"));
      assertTrue(fixture.registry.isRefused(stays));
    }
  }

  @Test
  void theCertificatesOfADeviceAreRevokedInTheStepThatRemovesIt() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      DeviceCertificate issued =
          fixture.ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}").entry();
      ApiPolicies policies = policies(fixture, "");
      attach(policies, "device", "d");
      fixture.inventory.deleteDevice(
          "d",
          Condition.NONE,
          revocations -> {
            var removed = policies.remove(Kind.DEVICE, "d", Condition.NONE, revocations);
            assertTrue(fixture.registry.isRefused(issued.name()));
            assertEquals(1, removed.attachments().size());
            return removed;
          });
      assertNull(fixture.registry.device("d"));
    }
  }
}
