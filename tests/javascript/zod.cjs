// What zod writes as JSON Schema, and what it says of values: `node zod.cjs FILE`, with values by schema.
// Prints the schemas by name, and then of each value whether its schema accepts it.
const { readFileSync } = require("node:fs");
const { z } = require("zod");

const User = z
  .object({
    id: z.uuid(),
    name: z.string().min(1).max(20),
    age: z.int().min(0).optional(),
    tags: z.array(z.string()).max(3),
    mail: z.email().nullable(),
  })
  .meta({ id: "User" });
const Category = z.strictObject({
  name: z.string(),
  get within() {
    return z.array(Category);
  },
});
const schemas = {
  User,
  Category,
  Owner: z.object({ user: User, others: z.array(User) }),
  Shape: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("circle"), radius: z.number().positive() }),
    z.strictObject({ kind: z.literal(["square", "box"]), side: z.number().multipleOf(0.5) }),
  ]),
  Pair: z.tuple([z.string(), z.number()]).rest(z.boolean()),
  Counts: z.record(z.string().regex(/^[a-z]+$/), z.int()),
  Moment: z.object({ at: z.iso.datetime(), day: z.iso.date() }),
  Both: z.looseObject({ a: z.enum(["x", "y"]) }).and(z.object({ b: z.number().or(z.null()) })),
};

console.log(JSON.stringify(Object.fromEntries(
  Object.entries(schemas).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: "input" })]),
)));
for (const [name, values] of Object.entries(JSON.parse(readFileSync(process.argv[2], "utf8"))))
  console.log(JSON.stringify(values.map((value) => schemas[name].safeParse(value).success)));
