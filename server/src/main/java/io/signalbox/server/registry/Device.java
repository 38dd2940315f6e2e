package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A device.
 *
 * @param name its id
 * @param groups that exist, in the order in which they were given
 * @param enabled false: refused
 * @param pendingApproval made by just-in-time provisioning and refused until somebody approves it
 * @param clientIdPin the Client Identifier that it must use; with a trailing {@code *} the
 *     beginning of it
 */
public record Device(
    String name,
    String displayName,
    Map<String, String> attributes,
    List<String> groups,
    boolean enabled,
    boolean pendingApproval,
    String clientIdPin,
    Stamp stamp)
    implements Entry<Device> {

  private static final int ITEMS_MAX = 1_024;

  static Device read(String id, Fields in, @Nullable Device earlier, Stamp stamp) {
    in.ignore("id");
    return new Device(
        id,
        in.text("displayName", "", 256),
        in.map("attributes", ITEMS_MAX, ITEMS_MAX),
        in.has("groups") || earlier == null ? in.names("groups", ITEMS_MAX) : earlier.groups,
        in.flag("enabled", true),
        in.flag("pendingApproval", false),
        pin(in, id),
        stamp);
  }

  static String pin(Fields in, String otherwise) {
    String pin = in.text("clientIdPin", otherwise, 256);
    if (pin.isEmpty()) {
      in.problem("clientIdPin", "must not be empty; * allows every Client Identifier");
    }
    return pin.equals(otherwise) ? otherwise : pin; // one text in memory for both
  }

  /** Whether it may connect at all. */
  public boolean mayConnect() {
    return enabled && !pendingApproval;
  }

  /** Whether its pin allows this Client Identifier. */
  public boolean mayUse(String clientId) {
    return clientIdPin.endsWith("*")
        ? clientId.startsWith(clientIdPin.substring(0, clientIdPin.length() - 1))
        : clientId.equals(clientIdPin);
  }

  public Device withGroups(List<String> others) {
    return new Device(
        name,
        displayName,
        attributes,
        List.copyOf(others),
        enabled,
        pendingApproval,
        clientIdPin,
        stamp);
  }

  @Override
  public Kind<Device> kind() {
    return Kind.DEVICE;
  }

  @Override
  public Device withStamp(Stamp other) {
    return new Device(
        name, displayName, attributes, groups, enabled, pendingApproval, clientIdPin, other);
  }

  @Override
  public boolean isWithdrawnSince(Device earlier) {
    return earlier.enabled && !enabled;
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("displayName", displayName);
    out.add("attributes", JsonOut.map(attributes));
    out.add("groups", JsonOut.list(groups));
    out.addProperty("enabled", enabled);
    out.addProperty("pendingApproval", pendingApproval);
    out.addProperty("clientIdPin", clientIdPin);
  }
}
