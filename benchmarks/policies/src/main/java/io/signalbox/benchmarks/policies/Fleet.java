package io.signalbox.benchmarks.policies;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.Transport;
import java.util.ArrayList;
import java.util.List;

/**
 * Policies of many tenants, one for each and one for all, and devices spread over the tenants.
 *
 * @param policies one more than there are tenants
 */
record Fleet(int policies) {
  private static final String COMMON =
      """
      version: 1
      name: common
      match: { jwt: { issuer: login } }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["${device.id}", "${device.id}:*"] }
        - { id: status, effect: allow, actions: [publish], topics: ["status/${device.id}"], where: { retain: allow } }
        - { id: news, effect: allow, actions: [subscribe], topics: ["news/#"] }
        - { id: secrets, effect: deny, actions: [publish, subscribe], topics: ["+/+/secret/#"] }
      """;

  private static final String TENANT =
      """
      version: 1
      name: tenant-%1$d
      description: What the devices of tenant %1$d may do.
      match: { group: t%1$d }
      statements:
        - { id: data, effect: allow, actions: [publish], topics: ["t%1$d/${device.id}/data/#"], where: { maxQos: 1, maxPayload: 64KiB } }
        - { id: shared, effect: allow, actions: [publish], topics: ["t%1$d/all/+/events"] }
        - { id: commands, effect: allow, actions: [subscribe], topics: ["t%1$d/${device.id}/cmd/#", "t%1$d/broadcast/#"] }
        - { id: jobs, effect: allow, actions: [subscribe], topics: ["t%1$d/jobs/#"], shareGroups: ["crew-*"] }
      """;

  /** The text of one policy; 0 is the common one. */
  String text(int policy) {
    return policy == 0 ? COMMON : TENANT.formatted(policy);
  }

  PolicyBundle bundle() {
    Problems problems = new Problems();
    List<Policy> parsed = new ArrayList<>();
    for (int i = 0; i < policies; i++) {
      PolicyParser.parse("file", i + ".yaml", text(i), SourceLimits.DEFAULTS, problems)
          .ifPresent(parsed::add);
    }
    return PolicyBundle.compile(parsed, List.of(), problems)
        .orElseThrow(() -> new IllegalStateException(problems.toString()));
  }

  int tenant(int device) {
    return 1 + device % (policies - 1);
  }

  String topic(int device, String end) {
    return "t%d/device-%d/%s".formatted(tenant(device), device, end);
  }

  Subject subject(int device) {
    String id = "device-" + device;
    return Subject.builder(id)
        .device(id)
        .groups(List.of("t" + tenant(device)))
        .token(new TokenAttributes("login", id))
        .transport(Transport.MQTTS)
        .build();
  }
}
