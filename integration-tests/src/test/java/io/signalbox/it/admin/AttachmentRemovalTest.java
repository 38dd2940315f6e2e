package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.Transport;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nobody inherits rights from an earlier device, user or group of the same name. */
final class AttachmentRemovalTest {
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "attachment-removal",
          BrokerConfig.empty()
              .listener(Transport.TCP, true, "none")
              .listener(Transport.WSS, false, "optional")
              .policyOption("revoke-grace-millis: 500"));

  @SuppressWarnings("NullAway.Init") // before the first test
  private static AdminClient admin;

  @BeforeAll
  static void start() {
    admin = AdminClient.administrator(BROKER);
  }

  @AfterAll
  static void stop() {
    BROKER.close();
  }

  /** A policy of its own that allows to publish; attached to somebody. */
  private static String attached(String kind, String target) {
    String name = Clients.unique("p");
    admin
        .send(
            "PUT",
            "/policies/" + name,
            """
            version: 1
            name: %s
            statements: [{ id: write, effect: allow, actions: [publish], topics: ["a/#"] }]
            """
                .formatted(name),
            "Content-Type",
            "application/yaml")
        .expect(201);
    String path = "/attachments/api:" + name + "/" + kind + "/" + target;
    admin.send("PUT", path, "").expect(201);
    admin.get(path).expect(200);
    return path;
  }

  private static String decision(String subject, String name) {
    return admin
        .post(
            "/policy-tools/authorize",
            "{'action':'publish','topic':'a/b','%s':'%s'}".formatted(subject, name))
        .expect(200)
        .get("allowed");
  }

  private static long revision() {
    return admin.metric("signalbox_policy_revision");
  }

  @Test
  void whatIsAttachedToADeviceGoesWithIt() {
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{}").expect(201);
    String path = attached("device", id);
    String other = attached("device", Clients.unique("d"));
    assertEquals("true", decision("device", id));
    long before = revision();

    admin.delete("/devices/" + id).expect(204);

    admin.get(path).expectProblem(404, "not-found");
    admin.get(other).expect(200);
    admin.put("/devices/" + id, "{}").expect(201);
    assertEquals("false", decision("device", id));
    assertEquals(before, revision(), "the removal of a device is no revision");
    String audit = admin.get("/audit?target=" + path).expect(200).text();
    assertTrue(audit.contains("DELETE"), audit);
  }

  @Test
  void alsoInABatch() {
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{}").expect(201);
    String path = attached("device", id);
    admin
        .post("/devices/batch", "{'operations':[{'op':'delete','id':'%s'}]}".formatted(id))
        .expect(200);
    admin.get(path).expectProblem(404, "not-found");
  }

  @Test
  void aRollbackGivesALaterDeviceNothing() {
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{}").expect(201);
    String path = attached("device", id);
    long then = revision();
    admin.delete(path).expect(204);
    admin.delete("/devices/" + id).expect(204);
    admin.put("/devices/" + id, "{}").expect(201);
    admin.post("/policy-revisions/" + then + "/rollback", "").expect(200);
    admin.get(path).expectProblem(404, "not-found");
    assertEquals("false", decision("device", id));
  }

  @Test
  void aRollbackGivesALaterUserNothingAndSaysSo() {
    String name = Clients.unique("u");
    admin.put("/users/" + name, "{'password':'correct horse'}").expect(201);
    String path = attached("user", name);
    long then = revision();
    admin.delete(path).expect(204);
    admin.delete("/users/" + name).expect(204);
    String rollback = "/policy-revisions/" + then + "/rollback";
    String left = path.substring("/attachments/".length());
    for (String options : List.of("?dryRun=true", "")) {
      JsonObject answer = admin.post(rollback + options, "").expect(200).json();
      JsonObject one = answer.getAsJsonArray("leftOut").get(0).getAsJsonObject();
      assertEquals(left, one.get("name").getAsString(), answer::toString);
    }
    admin.get(path).expectProblem(404, "not-found");
    String audit = admin.get("/audit?target=" + path).expect(200).text();
    assertTrue(audit.contains("not attached by the rollback: who it was attached to"), audit);
    admin.put("/users/" + name, "{'password':'correct horse'}").expect(201);
    admin.get(path).expectProblem(404, "not-found");
  }

  @Test
  void aRollbackStillGivesADeviceThatStayedWhatItHad() {
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{}").expect(201);
    String path = attached("device", id);
    long then = revision();
    admin.delete(path).expect(204);
    admin.post("/policy-revisions/" + then + "/rollback", "").expect(200);
    admin.get(path).expect(200);
    assertEquals("true", decision("device", id));
  }

  @Test
  void whatIsAttachedToAUserGoesWithIt() {
    String name = Clients.unique("u");
    admin.put("/users/" + name, "{'password':'correct horse'}").expect(201);
    String path = attached("user", name);
    admin.delete("/users/" + name).expect(204);
    admin.get(path).expectProblem(404, "not-found");
  }

  @Test
  void whatIsAttachedToATokenIssuerGoesWithIt() {
    String name = Clients.unique("i");
    admin
        .put(
            "/jwt-issuers/" + name,
            "{'issuer':'https://%s.example','audiences':['iot'],'algorithms':['HS256'],'hmacSecret':'%s'}"
                .formatted(name, TestIssuer.secretBase64()))
        .expect(201);
    String path = attached("jwt-issuer", name);
    admin.delete("/jwt-issuers/" + name).expect(204);
    admin.get(path).expectProblem(404, "not-found");
  }

  /** Tokens and users name groups too: what a deny keeps from them must not go unseen. */
  @Test
  void aGroupStaysWhileAPolicyIsAttachedToIt() {
    String name = Clients.unique("g");
    admin.put("/groups/" + name, "{}").expect(201);
    String path = attached("group", name);
    String detail = admin.delete("/groups/" + name).expectProblem(409, "conflict");
    assertTrue(detail.contains("attachment \"" + path.substring("/attachments/".length())), detail);
    admin.delete(path).expect(204);
    admin.delete("/groups/" + name).expect(204);
  }
}
