package io.signalbox.server.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything registered, in memory, and what leads from one to the other: the members of a group,
 * the certificates of a device, those with a serial number, what is attached to somebody. Any
 * thread reads; one at a time writes.
 */
final class Indexes {
  private final Map<Kind<?>, Index<?>> byKind = new HashMap<>();
  private final Map<String, Set<String>> members = new ConcurrentHashMap<>();
  private final Map<String, List<String>> ofDevice = new ConcurrentHashMap<>();
  private final Map<String, List<String>> bySerial = new ConcurrentHashMap<>();
  private final Map<Target, List<String>> attachments = new ConcurrentHashMap<>();

  private record Target(PolicyAttachment.TargetKind kind, String name) {
    static Target of(PolicyAttachment attachment) {
      return new Target(attachment.targetKind(), attachment.target());
    }
  }

  Indexes() {
    for (Kind<?> kind : Kind.ALL) {
      byKind.put(kind, new Index<>());
    }
  }

  @SuppressWarnings("unchecked") // the constructor makes one of each kind
  <E extends Entry<E>> Index<E> of(Kind<E> kind) {
    return (Index<E>) Objects.requireNonNull(byKind.get(kind));
  }

  <E extends Entry<E>> void put(Kind<E> kind, @Nullable E before, E after) {
    of(kind).put(after);
    relate(before, after);
  }

  <E extends Entry<E>> void remove(Kind<E> kind, E before) {
    of(kind).remove(before.name());
    relate(before, null);
  }

  private void relate(@Nullable Entry<?> before, @Nullable Entry<?> after) {
    if (before instanceof Device || after instanceof Device) {
      relate((Device) before, (Device) after);
    }
    if (before instanceof PolicyAttachment || after instanceof PolicyAttachment) {
      relate((PolicyAttachment) before, (PolicyAttachment) after);
    }
    if (before == null && after instanceof DeviceCertificate added) {
      ofDevice.merge(added.device(), List.of(added.name()), Indexes::joined);
      bySerial.merge(added.serial(), List.of(added.name()), Indexes::joined);
    }
    if (after == null && before instanceof DeviceCertificate removed) {
      ofDevice.computeIfPresent(removed.device(), (_, all) -> without(all, removed.name()));
      bySerial.computeIfPresent(removed.serial(), (_, all) -> without(all, removed.name()));
    }
  }

  private void relate(@Nullable PolicyAttachment before, @Nullable PolicyAttachment after) {
    if (before != null) {
      attachments.computeIfPresent(Target.of(before), (_, all) -> without(all, before.name()));
    }
    if (after != null) {
      attachments.merge(Target.of(after), List.of(after.name()), Indexes::joined);
    }
  }

  private void relate(@Nullable Device before, @Nullable Device after) {
    List<String> old = before == null ? List.of() : before.groups();
    List<String> now = after == null ? List.of() : after.groups();
    String id =
        before == null ? String.valueOf(after == null ? null : after.name()) : before.name();
    for (String group : now) {
      members.computeIfAbsent(group, _ -> new ConcurrentSkipListSet<>()).add(id);
    }
    for (String group : old) {
      Set<String> those = members.get(group);
      if (those != null && !now.contains(group)) {
        those.remove(id);
      }
    }
  }

  private static List<String> joined(List<String> some, List<String> more) {
    var all = new ArrayList<>(some);
    more.stream().filter(name -> !all.contains(name)).forEach(all::add);
    return List.copyOf(all);
  }

  private static @Nullable List<String> without(List<String> all, String name) {
    List<String> rest = all.stream().filter(other -> !other.equals(name)).toList();
    return rest.isEmpty() ? null : rest;
  }

  /** Ids of the devices in a group, in order. */
  Set<String> members(String group) {
    return members.getOrDefault(group, new TreeSet<>());
  }

  /** Names of the attachments to somebody. */
  List<String> attachmentsTo(PolicyAttachment.TargetKind kind, String name) {
    return attachments.getOrDefault(new Target(kind, name), List.of());
  }

  /** Fingerprints of all certificates of a device that are in the inventory. */
  List<String> certificatesOf(String device) {
    return ofDevice.getOrDefault(device, List.of());
  }

  /** Fingerprints of the certificates with a serial number, of whatever authority. */
  List<String> certificatesWithSerial(String serial) {
    return bySerial.getOrDefault(serial, List.of());
  }
}
