package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What was answered is there after the process was killed. */
final class AdminRestartTest {
  @Test
  void keepsEveryAcknowledgedChangeThroughKill9() throws Exception {
    try (BrokerUnderTest broker =
        BrokerUnderTest.start(
            "admin-kill", BrokerConfig.empty().listener(Transport.WSS, false, "optional"))) {
      AdminClient admin = AdminClient.administrator(broker);
      admin.put("/issuing-cas/line", "{}").expect(201);
      Map<String, String> acknowledged = new ConcurrentHashMap<>();
      var enough = new CountDownLatch(20);
      var writer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      for (int i = 0; ; i++) {
                        String id = "d" + i;
                        AdminClient.Answer device = admin.put("/devices/" + id, "{}");
                        acknowledged.put("/devices/" + id, device.expect(201).etag());
                        AdminClient.Answer certificate =
                            admin.put(
                                "/devices/" + id + "/certificates/c",
                                "{'ca':'line','csrPem':'" + Certificates.csr(id) + "'}");
                        acknowledged.put(
                            "/certificates/" + certificate.expect(201).get("fingerprint"),
                            certificate.etag());
                        enough.countDown();
                      }
                    } catch (AssertionError e) {
                      if (!(e.getCause() instanceof java.io.IOException)) {
                        acknowledged.put("failed: " + e.getMessage(), "");
                      }
                    }
                  });
      assertTrue(enough.await(2, TimeUnit.MINUTES), acknowledged::toString);
      broker.kill9();
      writer.join();
      broker.restart();

      AdminClient after = AdminClient.administrator(broker);
      assertTrue(acknowledged.size() >= 40, acknowledged::toString);
      acknowledged.forEach((path, etag) -> assertEquals(etag, after.get(path).expect(200).etag()));
      after
          .put(
              "/devices/d0/certificates/another",
              "{'ca':'line','csrPem':'" + Certificates.csr("d0") + "'}")
          .expect(201); // the authority's key is there too
      assertEquals(
          1,
          after
              .get("/audit?limit=1000&target=/devices/d3")
              .expect(200)
              .json()
              .getAsJsonArray("items")
              .size());
    }
  }

  @Test
  void keepsPoliciesAndAttachmentsInForceThroughKill9() {
    try (BrokerUnderTest broker =
        BrokerUnderTest.start(
            "policy-kill", BrokerConfig.empty().listener(Transport.WSS, false, "optional"))) {
      AdminClient admin = AdminClient.administrator(broker);
      String policy =
          "{'version':1,'name':'pump','statements':[{'id':'data','effect':'allow',"
              + "'actions':['publish'],'topics':['pump/#']}]}";
      String etag = admin.put("/policies/pump", policy).expect(201).etag();
      admin.send("PUT", "/attachments/api:pump/device/p7", "").expect(201);
      broker.kill9();
      broker.restart();

      AdminClient after = AdminClient.administrator(broker);
      assertEquals(etag, after.get("/policies/pump").expect(200).etag());
      String question = "{'action':'publish','topic':'pump/a','client':{'device':{'id':'%s'}}}";
      String path = "/policy-tools/authorize";
      assertEquals(
          "api:pump#data", after.post(path, question.formatted("p7")).expect(200).get("statement"));
      assertEquals(
          "no-match", after.post(path, question.formatted("p8")).expect(200).get("reason"));
    }
  }

  @Test
  void startsWithoutTheKeyOfSharedSecretsAndRefusesTheirTokens() throws Exception {
    try (BrokerUnderTest broker =
        BrokerUnderTest.start(
            "lost-key",
            BrokerConfig.allowingAll()
                .listener(Transport.TCP, false, "none")
                .listener(Transport.WSS, false, "optional"))) {
      AdminClient admin = AdminClient.administrator(broker);
      String entry =
          "{'issuer':'https://login.example','audiences':['iot'],'algorithms':['HS256']%s}";
      String secret = ",'hmacSecret':'" + TestIssuer.secretBase64() + "'";
      admin.put("/jwt-issuers/login", entry.formatted(secret)).expect(201);
      assertEquals(0, answerToToken(broker));
      broker.kill9();
      Path key = broker.dataFolder().resolve("registry.key");
      Path away = Files.move(key, key.resolveSibling("registry.key.away"));
      broker.restart();

      AdminClient after = AdminClient.administrator(broker);
      assertEquals(0x86, answerToToken(broker));
      broker.awaitLog("tokens of the registered issuer \"login\" are refused");
      AdminClient.Answer shown = after.get("/jwt-issuers/login").expect(200);
      assertEquals("failed", shown.get("lastRefreshStatus"));
      assertTrue(shown.get("lastRefreshProblem").contains("registry.key"), shown::text);
      assertEquals(1, after.metric("signalbox_registry_secrets_unreadable"));
      after.put("/jwt-issuers/login", entry.formatted("")).expect(200); // nothing to lose by it
      broker.kill9();
      Files.move(away, key, StandardCopyOption.REPLACE_EXISTING);
      broker.restart();
      assertEquals(0, answerToToken(broker));

      broker.kill9();
      Files.writeString(key, "neither a key nor empty\n");
      CommandLine.Result damaged = broker.refusedStart();
      assertEquals(78, damaged.exitCode(), damaged::err);
      for (String word : List.of(key.toString(), "damaged", "from a backup", "move it away")) {
        assertTrue(damaged.err().contains(word), damaged::err);
      }
      Files.move(key, key.resolveSibling("registry.key.damaged")); // as it says
      broker.restart();
      AdminClient anew = AdminClient.administrator(broker);
      assertEquals(0x86, answerToToken(broker));
      anew.put("/jwt-issuers/login", entry.formatted(secret)).expect(200);
      assertEquals(0, answerToToken(broker));
      assertEquals(0, anew.metric("signalbox_registry_secrets_unreadable"));
    }
  }

  private static int answerToToken(BrokerUnderTest broker) throws IOException {
    String token = new TestIssuer("login", "narrow").token("ann");
    try (Peer peer = new Peer(RawClient.open(broker.endpoint(Transport.TCP), Version.V5), "ann")) {
      return peer.tryConnect(c -> c.password(token)).reasonCode();
    }
  }
}
