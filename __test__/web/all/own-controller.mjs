// Decorators are functions: this file needs no compiler.

import { All, Body, Controller, HttpCode } from '@nestjs/common'

export class OwnController {
  own(body) {
    return body ?? {}
  }
}
Body()(OwnController.prototype, 'own', 0)
const descriptor = Object.getOwnPropertyDescriptor(OwnController.prototype, 'own')
All('own')(OwnController.prototype, 'own', descriptor)
HttpCode(200)(OwnController.prototype, 'own', descriptor)
Controller()(OwnController)
