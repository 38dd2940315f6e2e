package io.signalbox.server.enrolment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.SubjectNames;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.PolicyStore;
import io.signalbox.server.auth.Provisioning;
import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.Claims;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.RegistryFixture;
import io.undertow.util.StatusCodes;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EnrolmentTest {
  private static final String SECRET = "0123456789abcdef01234567";

  @TempDir Path directory;

  /** A request with a key of its own, as it is sent. */
  private static byte[] request(String device) {
    var keys = KeyAlgorithm.EC_P256.generate(RegistryFixture.RANDOM);
    byte[] der =
        CertificateSigningRequest.create(
                keys, SubjectNames.ofCommonName(device), RegistryFixture.RANDOM)
            .encoded();
    return Base64.getMimeEncoder().encode(der);
  }

  @Test
  void ofTwoStrangersWhoWantOneNameAtTheSameTimeOneGetsIt() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.TEMPLATE, "line", "{}");
      fixture.put(
          Kind.CLAIM_TOKEN, "batch", "{'template':'line','secret':'" + SECRET + "','maxUses':9}");
      var enrolment =
          new Enrolment(
              fixture.registry,
              fixture.authorities,
              fixture.inventory,
              new Claims(fixture.registry, Clocks.system()),
              new Provisioning(
                  fixture.registry,
                  fixture.inventory,
                  new ApiPolicies(
                      PolicyStore.open(
                          PolicyConfig.DEFAULTS,
                          fixture.registry,
                          new Metrics(1, "test"),
                          Clocks.system()),
                      fixture.registry)),
              AdminConfig.DEFAULTS.roles());
      var claimant = new Applicant.Claimant("batch", SECRET, InetAddress.getLoopbackAddress());
      byte[] other = request("pump");
      var outcome = new CompletableFuture<X509Certificate>();
      Thread second =
          Thread.ofPlatform()
              .unstarted(
                  () -> {
                    try {
                      outcome.complete(enrolment.enrol(other, claimant, null).certificate());
                    } catch (Exception e) {
                      outcome.completeExceptionally(e);
                    }
                  });
      fixture.registry.onChange(
          change -> { // the first one has used its claim: the other comes as far as it can
            if (change.kind().equals(Kind.CLAIM_TOKEN) && second.getState() == Thread.State.NEW) {
              second.start();
              while (second.isAlive()
                  && second.getState() != Thread.State.BLOCKED
                  && second.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
              }
            }
          });

      X509Certificate issued = enrolment.enrol(request("pump"), claimant, null).certificate();

      assertEquals("CN=pump", issued.getSubjectX500Principal().getName());
      var refused = Assertions.assertThrows(CompletionException.class, outcome::join);
      var cause = assertInstanceOf(EnrolmentException.class, refused.getCause());
      assertEquals(StatusCodes.CONFLICT, cause.status());
      assertEquals(1, fixture.registry.certificatesOf("pump").size());
    }
  }
}
