package io.signalbox.acl.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.proof.Universe;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.Transport;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class InspectionTest {
  private static final PolicyBundle BUNDLE =
      Universe.bundle(
          List.of(
              Universe.parse(
                  """
                  version: 1
                  name: pump
                  match: { group: pumps }
                  statements:
                    - { id: c, effect: allow, actions: [connect], clientIds: ["${device.id}", "${device.id}:*"] }
                    - id: data
                      effect: allow
                      actions: [publish]
                      topics: ["pump/${device.id}/data/#"]
                      where: { maxQos: 1, maxPayload: 1KiB }
                    - id: jobs
                      effect: allow
                      actions: [subscribe]
                      topics: ["jobs/#", "${user.name}/x"]
                      shareGroups: ["w*"]
                    - { id: secrets, effect: deny, actions: [publish, subscribe], topics: ["+/+/secret/#"] }
                  """),
              Universe.parse(
                  """
                  version: 1
                  name: admin
                  match: { cert: { ou: [admins, ops] } }
                  statements:
                    - { id: all, effect: allow, actions: [publish], topics: ["#"] }
                  """)));

  private static final Subject P7 =
      Subject.builder("p7")
          .device("p7")
          .groups(List.of("pumps"))
          .transport(Transport.MQTTS)
          .build();

  @Test
  void explainsEveryStatement() {
    Explanation explanation =
        Explanation.of(
            BUNDLE, P7, new AccessRequest(Action.PUBLISH, "pump/p7/data/t", 2, false, 0, null));
    assertEquals(
        """
        not allowed: the QoS is above the allowed maximum (file:pump#data)
          file:admin: does not bind: wants cert.ou = admins or ops, client has none
          file:pump: binds: group = pumps
            file:pump#c: is about connect, not publish
            file:pump#data: "pump/p7/data/#" matches it, but maxQos is 1
            file:pump#jobs: is about subscribe, not publish
            file:pump#secrets: no pattern matches "pump/p7/data/t": +/+/secret/#
        """,
        explanation.text());
    assertEquals(
        """
        allowed by file:pump#c
          file:admin: does not bind: wants cert.ou = admins or ops, client has none
          file:pump: binds: group = pumps
          * file:pump#c: allows clientIds [p7, p7:*]
            file:pump#data: is about publish, not connect
            file:pump#jobs: is about subscribe, not connect
            file:pump#secrets: is about publish, subscribe, not connect
        """,
        Explanation.of(BUNDLE, P7, new AccessRequest(Action.CONNECT, "p7:x")).text());
    assertTrue(
        Explanation.of(BUNDLE, P7, new AccessRequest(Action.SUBSCRIBE, "+/x"))
            .text()
            .contains("inert, because a variable has no usable value: ${user.name}/x"));
  }

  @Test
  void listsWhatAClientCan() {
    assertEquals(
        """
        may connect p7  (file:pump#c)
        may connect p7:*  (file:pump#c)
        may publish pump/p7/data/#, not retained, QoS up to 1, up to 1024 bytes  (file:pump#data)
        may not publish +/+/secret/#, retained or not  (file:pump#secrets)
        may subscribe jobs/#, share groups w*  (file:pump#jobs)
        may not subscribe +/+/secret/#  (file:pump#secrets)
        note: file:pump#jobs: ${user.name} has no value, so this allow is inert
        """,
        WhatCan.of(BUNDLE, P7).text());
    assertEquals("nothing\n", WhatCan.of(BUNDLE, Subject.builder("x").build()).text());
  }

  @Test
  void whatCanAgreesWithBruteForce() {
    SplittableRandom random = Universe.random();
    List<Subject> subjects = Universe.subjects();
    List<String> topics = Universe.topics();
    for (int round = 0; round < Universe.rounds(60); round++) {
      PolicyBundle bundle = round % 2 == 0 ? Universe.bundle(random) : Universe.richBundle(random);
      for (int s = random.nextInt(7); s < subjects.size(); s += 7) {
        Subject subject = subjects.get(s);
        BoundPolicies bound = bundle.bind(subject);
        WhatCan can = WhatCan.of(bundle, subject);
        assertEquals(
            bound.decideConnect().allowed(), can.mayConnect(subject.clientId()), can::text);
        for (int t = random.nextInt(11); t < topics.size(); t += 11) {
          String topic = topics.get(t);
          boolean retain = random.nextBoolean();
          int qos = random.nextInt(3);
          assertEquals(
              bound.decidePublish(topic, qos, retain, 0).allowed(),
              can.mayPublish(topic, qos, retain, 0),
              can::text);
        }
        for (int i = 0; i < 20; i++) {
          String filter = Universe.pattern(random).replaceAll("[^/]*\\$\\{[^}]*}", "d1");
          assertEquals(
              bound.decideSubscribe(filter, 0, null).allowed(),
              can.maySubscribe(filter),
              () -> filter + "\n" + can.text());
        }
      }
    }
  }

  @Test
  void explanationsNameTheDecidingStatement() {
    SplittableRandom random = Universe.random();
    List<Subject> subjects = Universe.subjects();
    List<String> topics = Universe.topics();
    for (int round = 0; round < Universe.rounds(300); round++) {
      PolicyBundle bundle = Universe.bundle(random);
      Subject subject = subjects.get(random.nextInt(subjects.size()));
      String topic = topics.get(random.nextInt(topics.size()));
      for (Action action : List.of(Action.PUBLISH, Action.SUBSCRIBE)) {
        Explanation explanation = Explanation.of(bundle, subject, new AccessRequest(action, topic));
        if (explanation.decision().allowed()) {
          assertTrue(
              explanation.lines().stream()
                  .anyMatch(
                      line ->
                          line.speaks() && line.ref().equals(explanation.decision().statement())),
              explanation::text);
        }
      }
    }
  }
}
