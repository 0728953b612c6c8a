/**
 * The search of the site. It finds the pages that have every word of a query, in any order and at any distance;
 * `searcher.mjs` puts it in the place of Rspress's own search, which finds a phrase as it is written.
 */

import MiniSearch from 'minisearch'

const PAGES = 10
const ENTRIES_OF_A_PAGE = 3
/** How many characters of a page an entry shows. */
const EXCERPT = 100
/** How many are before the first word that was found. */
const BEFORE = 25
const WORD = /[\p{L}\p{N}]+/gu
/** Words of a question that say nothing about its subject. */
const IGNORED = new Set(
  'a am an and are as at be by can do does for from get how i if in into is it its my of on or set that the this to use using want what when where which why will with'.split(
    ' ',
  ),
)
/** Pages that are looked up by name. They follow the pages that explain. */
const LOOKED_UP = /^\/(api|reference|reliability|project|examples)\b/

const wordsOf = text => text.match(WORD) ?? []

/** The start that a word shares with its plural and its verb: `prox` of `proxies`, `cach` of `cached` and `caching`. */
const stem = word => {
  const [, start, singular] = /^(.{4,}?)(?:ies|ied|ing|ed|es|e|y)$|^(.{2,}[^s])s$/.exec(word) ?? []
  return start ?? singular ?? word
}

/** The forms under which a word is found. The words inside a name count too: `base url` finds `baseUrl`. */
function formsOf(word) {
  const parts = word.split(/(?<=\p{Ll})(?=\p{Lu})/u)
  return [...new Set([word, ...parts])].map(part => stem(part.toLowerCase()))
}

/** What a query asks for: the starts of its words. */
const soughtIn = query =>
  wordsOf(query.toLowerCase())
    .filter(word => !IGNORED.has(word))
    .map(stem)

/** The parts of a page: what is before the first heading, and what is under each heading. */
function partsOf(page) {
  const { content, routePath, toc } = page
  // A class and a guide may have one name.
  const title = routePath.startsWith('/api/') ? `API > ${page.title}` : page.title
  const headings = toc.filter(({ depth }) => depth < 4)
  let path = []
  return [
    { page, path: [title], link: routePath, text: content.slice(0, headings[0]?.charIndex) },
    ...headings.map(({ id, text: marked, depth, charIndex }, index) => {
      const text = marked.replaceAll('`', '')
      path = [...path.filter(outer => outer.depth < depth), { text, depth }]
      return {
        page,
        path: [title, ...path.map(outer => outer.text)],
        link: `${routePath}#${id}`,
        text: content.slice(charIndex + text.length, headings[index + 1]?.charIndex),
      }
    }),
  ]
}

/**
 * Makes the search of the pages of Rspress's index: a function that returns what Rspress shows for a query. The pages
 * that explain are first, and then those that are looked up, unless the query is the name of one of them.
 */
export function searchOf(pages) {
  const index = new MiniSearch({
    fields: ['title', 'headings', 'text'],
    tokenize: wordsOf,
    processTerm: formsOf,
    searchOptions: {
      tokenize: soughtIn,
      processTerm: word => word,
      boost: { title: 4, headings: 3 },
      prefix: true,
    },
  })
  const parts = pages.flatMap(partsOf)
  const documents = [
    ...parts.map(({ path: [title, ...headings], text }) => ({ title, headings: headings.join(' '), text })),
    // The words of a query may be in different parts of a page.
    ...pages.map(({ title, toc, content }) => ({
      title,
      headings: toc.map(({ text }) => text).join(' '),
      text: content,
    })),
  ]
  index.addAll(documents.map((document, id) => ({ ...document, id })))

  return query => {
    const sought = soughtIn(query)
    const strict = index.search(query, { combineWith: 'AND' })
    const some = index.search(query)
    const found = new Map()
    const pageOf = id => parts[id]?.page ?? pages[id - parts.length]
    // Where no page has all words, those with most of them are better than nothing.
    for (const { id, score, terms } of strict.length > 0 ? strict : some) {
      const page = pageOf(id)
      if (!found.has(page)) found.set(page, { page, score, terms, parts: [] })
      if (id < parts.length) found.get(page).parts.push(parts[id])
    }
    // Where no part of a page has all words, the best of its parts is shown.
    const bestOf = page => parts[some.find(({ id }) => id < parts.length && pageOf(id) === page).id]
    const isBehind = ({ page }) => LOOKED_UP.test(page.routePath) && !covers(page.title, sought)
    return [...found.values()]
      .sort((one, other) => isBehind(one) - isBehind(other) || other.score - one.score)
      .slice(0, PAGES)
      .flatMap(({ page, parts, terms }) => {
        const shown = parts.length > 0 ? parts.slice(0, ENTRIES_OF_A_PAGE) : [bestOf(page)]
        return shown.map(part => ({ query, ...entry(part, sought, terms) }))
      })
  }
}

/** Whether a text has every word of a query. */
const covers = (text, sought) =>
  sought.every(start =>
    wordsOf(text)
      .flatMap(formsOf)
      .some(form => form.startsWith(start)),
  )

/** What Rspress shows of a part: its headings, with a piece of its text if they do not have every word of the query. */
function entry({ path, link, text }, sought, terms) {
  const header = path.join(' > ')
  const shown = { title: header, header, link }
  if (covers(header, sought)) {
    return { ...shown, type: path.length > 1 ? 'header' : 'title', highlightInfoList: marks(header, terms) }
  }
  const statement = excerpt(text, terms)
  return { ...shown, type: 'content', statement, highlightInfoList: marks(statement, terms) }
}

/** Where the words are that were found. */
function marks(text, terms) {
  return [...text.matchAll(WORD)]
    .filter(([word]) => formsOf(word).some(form => terms.includes(form)))
    .map(({ 0: word, index }) => ({ start: index, length: word.length }))
}

/** How many of the words a text has. */
const count = (text, terms) => terms.filter(term => wordsOf(text).some(word => formsOf(word).includes(term))).length

/** The piece of a text that has most of the words, with a little of what is before it. */
function excerpt(text, terms) {
  const line = text.replace(/\s+/g, ' ').trim()
  const pieces = marks(line, terms).map(({ start }) => {
    return { start, words: count(line.slice(start, start + EXCERPT), terms) }
  })
  const { start } = pieces.reduce((best, piece) => (piece.words > best.words ? piece : best), { start: 0, words: 0 })
  const from = start < BEFORE ? 0 : line.indexOf(' ', start - BEFORE) + 1
  const to = start + EXCERPT < line.length ? line.lastIndexOf(' ', start + EXCERPT) : line.length
  return `${from > 0 ? '… ' : ''}${line.slice(from, to)}${to < line.length ? ' …' : ''}`
}
