package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A group that devices and users may be in. */
public record Group(String name, String description, Map<String, String> attributes, Stamp stamp)
    implements Entry<Group> {

  static Group read(String name, Fields in, @Nullable Group earlier, Stamp stamp) {
    in.ignore("name", "memberCount");
    return new Group(
        name, in.text("description", "", 1_024), in.map("attributes", 1_024, 1_024), stamp);
  }

  @Override
  public Kind<Group> kind() {
    return Kind.GROUP;
  }

  @Override
  public Group withStamp(Stamp other) {
    return new Group(name, description, attributes, other);
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("description", description);
    out.add("attributes", JsonOut.map(attributes));
  }
}
