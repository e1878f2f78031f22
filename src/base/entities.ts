const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** The text with everything that HTML or XML would take as markup escaped, in elements and in quoted attributes. */
export function withEntities(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
