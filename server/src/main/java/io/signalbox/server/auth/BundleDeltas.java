package io.signalbox.server.auth;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.load.PolicyFolder;
import io.signalbox.acl.model.Policy;
import io.signalbox.server.registry.PolicyRevision.Became;
import io.signalbox.server.registry.PolicyRevision.Delta;
import io.signalbox.server.registry.PolicyRevision.What;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Which policies of files are others after a reload. */
final class BundleDeltas {
  private BundleDeltas() {}

  static List<Delta> ofFiles(PolicyBundle before, PolicyBundle after) {
    Map<String, Policy> old = files(before);
    Map<String, Policy> now = files(after);
    List<Delta> deltas = new ArrayList<>();
    now.forEach(
        (ref, policy) -> {
          Policy earlier = old.get(ref);
          if (earlier == null) {
            deltas.add(new Delta(What.FILE, ref, Became.CREATED, null));
          } else if (!earlier.equals(policy)) {
            deltas.add(new Delta(What.FILE, ref, Became.CHANGED, null));
          }
        });
    old.keySet().stream()
        .filter(ref -> !now.containsKey(ref))
        .forEach(ref -> deltas.add(new Delta(What.FILE, ref, Became.REMOVED, null)));
    return deltas;
  }

  private static Map<String, Policy> files(PolicyBundle bundle) {
    Map<String, Policy> files = new TreeMap<>();
    Stream.concat(
            bundle.policies().stream(),
            bundle.shadow().stream().flatMap(observed -> observed.policies().stream()))
        .filter(policy -> policy.namespace().equals(PolicyFolder.NAMESPACE))
        .forEach(policy -> files.put(policy.ref(), policy));
    return files;
  }
}
