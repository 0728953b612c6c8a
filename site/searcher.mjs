/**
 * What the search panel of Rspress asks for results, in the place of the class of the same name. A hook of Rspress would
 * not do: it is not called for what was typed before the index was there.
 */

import { getSearchIndexURL } from '@rspress/core/dist/theme/components/Search/logic/providers/LocalProvider.js'
import { searchOf } from './search.mjs'

export class PageSearcher {
  #options
  #pages
  #search

  constructor(options) {
    this.#options = options
  }

  fetchSearchIndex() {
    const { currentLang, currentVersion } = this.#options
    this.#pages ??= load(getSearchIndexURL(currentLang, currentVersion))
    return this.#pages
  }

  async init() {
    this.#search ??= this.fetchSearchIndex().then(searchOf)
    await this.#search
  }

  async match(query) {
    await this.init()
    const search = await this.#search
    return [{ group: this.#options.indexName, renderType: 'default', result: search(query) }]
  }
}

async function load(url) {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`the index of the search cannot be loaded: ${response.status}`)
  return response.json()
}
